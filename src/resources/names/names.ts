import { InvalidArguments, NotFound, type Problem } from '../../base/errors.ts';
import { formatCount, truncate } from '../../base/printable.ts';
import { defineModule } from '../../module.ts';
import { maskIfSecret } from '../../options/text-for-messages.ts';
import type { Outcome, Run } from '../../run.ts';
import { credentialProblems } from '../admin-credentials.ts';
import { withAdminSession } from '../admin-session.ts';
import {
  checkNamesOptions,
  KIND_BY_OPTION,
  listGivenKindOptions,
  type NamesOptions,
  namesOptions,
} from './names-options.ts';
import { needsRequests, type ResolvedNames, resolveNames } from './resolve-names.ts';

/**
 * Resolves names to ids with an administrator's credentials. Changes nothing, and needs no
 * registered host.
 */
export const names = defineModule({
  name: 'jumpcloud_names',
  options: namesOptions,
  rules: checkNamesOptions,
  credentialProblems,
  run(options: NamesOptions, run) {
    const kinds = listGivenKindOptions(options);
    const parallel = kinds.filter((kind) => needsRequests(options[kind])).length;
    return withAdminSession(run, options, parallel, async (session) => {
      const resolved = kinds.map((option) =>
        resolveNames(session, KIND_BY_OPTION[option], options[option] ?? []),
      );
      return buildOutcome(options, run, await Promise.all(resolved));
    });
  },
});

function buildOutcome(
  options: NamesOptions,
  run: Run,
  resolved: readonly ResolvedNames[],
): Outcome {
  const requestsAll = ({ kind }: ResolvedNames) =>
    listGivenKindOptions(options).some(
      (option) => KIND_BY_OPTION[option] === kind && options[option] === 'all',
    );
  requireResolved(resolved.filter((one) => !requestsAll(one)));
  for (const { kind, ambiguous } of resolved.filter(requestsAll)) {
    for (const { name, ids } of ambiguous) {
      run.report.warn(
        `${quoteObjectName(kind, name)} is ambiguous and left out: ${ids.length} objects have this name (${ids.join(', ')}). Rename all but one of them, or use an id.`,
      );
    }
  }
  const count = resolved.reduce((sum, { found }) => sum + found.size, 0);
  const groups = resolved.filter(({ kind }) => kind === 'system_group');
  for (const { kind, found } of groups.filter((one) => !requestsAll(one))) {
    for (const [name, { id, isDynamic }] of found) {
      if (!isDynamic) continue;
      run.report.warn(
        `${quoteObjectName(kind, name)} (${id}) is a dynamic group: JumpCloud fills it by a rule, and no host can join or leave it by hand. Leave it out of the groups of a host, or list it under keep.`,
      );
    }
  }
  const dynamic = groups.flatMap((one) => one.dynamic);
  const namesByKind = resolved.map(({ kind, found }) => [
    kind,
    Object.fromEntries([...found].map(([name, { id }]) => [name, id])),
  ]);
  return {
    changed: false,
    msg: `Resolved ${formatCount(count, 'name')}.`,
    fields: { names: Object.fromEntries(namesByKind), dynamic },
  };
}

/**
 * Checks that each requested name belongs to exactly one object.
 * @throws NotFound when at least one name belongs to no object
 * @throws InvalidArguments when every name exists, but at least one belongs to several objects
 */
function requireResolved(resolved: readonly ResolvedNames[]): void {
  const missing = resolved.flatMap(({ kind, missing }) =>
    missing.map(({ name: given, suggestion }) => {
      // A name that resembles no known name may be a secret, such as an API key, that was given in
      // the wrong place.
      const name = suggestion === undefined ? maskIfSecret(given) : given;
      const hint = suggestion === undefined ? '' : `; did you mean ${truncate(suggestion)}?`;
      return { kind, name, message: `there is no ${quoteObjectName(kind, name)}${hint}` };
    }),
  );
  const ambiguous = resolved.flatMap(({ kind, ambiguous }) =>
    ambiguous.map(({ name, ids }) => ({
      kind,
      name,
      ids,
      message: `${quoteObjectName(kind, name)} is ambiguous, because ${ids.length} objects have this name (${ids.join(', ')}); rename all but one of them, or use an id`,
    })),
  );
  const messages = [...missing, ...ambiguous].map(({ message }) => message);
  if (missing.length > 0) {
    const sentence = messages.join('; ').replace(/[^?]$/, '$&.');
    throw new NotFound(
      [
        `Could not resolve ${messages.length === 1 ? 'a name' : `${messages.length} names`}: ${sentence} Names are compared exactly.`,
        'Check the names in the Admin Portal.',
      ],
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
    option: optionOfKind(kind),
    message,
  }));
  throw new InvalidArguments(problems);
}

function optionOfKind(kind: ResolvedNames['kind']): string {
  return Object.entries(KIND_BY_OPTION).find(([, optionKind]) => optionKind === kind)?.[0] ?? '';
}

function quoteObjectName(kind: ResolvedNames['kind'], name: string): string {
  return `${kind.replace('_', ' ')} ${JSON.stringify(truncate(name))}`;
}
