import { API_ORIGINS } from '../../agent/region.ts';
import { encodingsOf } from '../../base/conceal.ts';
import { InvalidArguments, NotFound, type Problem } from '../../base/errors.ts';
import { countOf, truncate } from '../../base/printable.ts';
import { defineModule } from '../../module.ts';
import type { Outcome, Run } from '../../run.ts';
import { ApiKeyAuthentication } from '../../transport/auth/api-key.ts';
import { openDestination } from '../../transport/connect/destination.ts';
import type { Session } from '../../transport/session.ts';
import {
  fromEnvironment,
  KIND_OPTIONS,
  kindsOf,
  type NamesOptions,
  namesOptions,
  namesRules,
} from './names-options.ts';
import { needsRequests, type Resolved, resolve } from './resolve.ts';

/** Names to ids, with an administrator's API key. Reads only, and never signs as a host. */
export const names = defineModule({
  name: 'jumpcloud_names',
  options: namesOptions,
  rules: namesRules,
  async run(options: NamesOptions, run) {
    const session = await openAdminSession(options, run);
    try {
      const resolved = await Promise.all(
        kindsOf(options).map((option) =>
          resolve(session, KIND_OPTIONS[option], options[option] ?? []),
        ),
      );
      return outcome(options, run, resolved);
    } finally {
      session.close();
    }
  },
});

async function openAdminSession(options: NamesOptions, run: Run): Promise<Session> {
  const apiKey = options.api_key ?? fromEnvironment('JUMPCLOUD_API_KEY') ?? '';
  for (const spelling of encodingsOf(apiKey)) run.report.addSecret(spelling);
  const origin = options.api_url ?? API_ORIGINS[options.region];
  const [destination] = await openDestination(
    origin,
    options,
    kindsOf(options).filter((kind) => needsRequests(options[kind])).length,
    async () => {},
  );
  const orgId = options.org_id ?? fromEnvironment('JUMPCLOUD_ORG_ID');
  const { openSession } = await import('../../transport/session.ts');
  const session = await openSession(run, new ApiKeyAuthentication(apiKey, orgId), destination);
  run.report.setApi(() => session.report());
  return session;
}

function outcome(options: NamesOptions, run: Run, resolved: readonly Resolved[]): Outcome {
  const isAll = ({ kind }: Resolved) =>
    kindsOf(options).some((option) => KIND_OPTIONS[option] === kind && options[option] === 'all');
  requireResolved(resolved.filter((one) => !isAll(one)));
  for (const { kind, ambiguous } of resolved.filter(isAll)) {
    for (const { name, ids } of ambiguous) {
      run.report.warn(
        `${quotedName(kind, name)} is borne by ${ids.length}, and left out: ${ids.join(', ')}. Give one of them another name, or use its id.`,
      );
    }
  }
  const count = resolved.reduce((sum, { found }) => sum + found.size, 0);
  const groups = resolved.filter(({ kind }) => kind === 'system_group');
  for (const { kind, found } of groups.filter((one) => !isAll(one))) {
    for (const [name, { id, isDynamic }] of found) {
      if (!isDynamic) continue;
      run.report.warn(
        `${quotedName(kind, name)} (${id}) is dynamic: JumpCloud fills it by a rule, and no host can join or leave it by hand. Leave it out of the groups of a host, or list it under keep.`,
      );
    }
  }
  const dynamic = groups.flatMap((one) => one.dynamic);
  const byKind = resolved.map(({ kind, found }) => [
    kind,
    Object.fromEntries([...found].map(([name, { id }]) => [name, id])),
  ]);
  return {
    changed: false,
    msg: `Resolved ${countOf(count, 'name')}.`,
    fields: { names: Object.fromEntries(byKind), dynamic },
  };
}

/**
 * @throws NotFound when a name is borne by nothing
 * @throws InvalidArguments when all exist, and one is borne by several
 */
function requireResolved(resolved: readonly Resolved[]): void {
  const missing = resolved.flatMap(({ kind, missing }) =>
    missing.map(({ name, near }) => {
      const hint = near === undefined ? '' : `; did you mean ${truncate(near)}?`;
      return { kind, name, message: `there is no ${quotedName(kind, name)}${hint}` };
    }),
  );
  const ambiguous = resolved.flatMap(({ kind, ambiguous }) =>
    ambiguous.map(({ name, ids }) => ({
      kind,
      name,
      ids,
      message: `${quotedName(kind, name)} may mean ${ids.join(' or ')}: give one another name, or use its id`,
    })),
  );
  const messages = [...missing, ...ambiguous].map(({ message }) => message);
  if (missing.length > 0) {
    const told = messages.join('; ').replace(/[^?]$/, '$&.');
    throw new NotFound(
      `Could not resolve ${messages.length === 1 ? 'a name' : `${messages.length} names`}: ${told} Names are compared exactly; see the Admin Portal.`,
      {
        details: {
          missing: missing.map(({ kind, name }) => ({ kind, name })),
          ...(ambiguous.length > 0 && {
            ambiguous: ambiguous.map(({ kind, name, ids }) => ({ kind, name, ids })),
          }),
        },
      },
    );
  }
  if (ambiguous.length === 0) return;
  const problems: Problem[] = ambiguous.map(({ kind, message }) => ({
    option: optionOf(kind),
    message,
  }));
  throw new InvalidArguments(problems);
}

function optionOf(kind: Resolved['kind']): string {
  return Object.entries(KIND_OPTIONS).find(([, of]) => of === kind)?.[0] ?? '';
}

function quotedName(kind: Resolved['kind'], name: string): string {
  return `${kind.replace('_', ' ')} ${JSON.stringify(truncate(name))}`;
}
