import type { Identity } from '../../agent/identity.ts';
import { regionAt } from '../../agent/region.ts';
import { identify } from '../../agent/registration.ts';
import { agentVersion } from '../../agent/version.ts';
import { readAssociations } from '../../api/associations.ts';
import { OBJECT_TYPES } from '../../api/graph.ts';
import { readMemberships } from '../../api/memberships.ts';
import { readSystem, type SystemRecord } from '../../api/systems.ts';
import { readUsers } from '../../api/users.ts';
import { NotEnrolled } from '../../errors.ts';
import { defineModule } from '../../module.ts';
import { choices } from '../../options/choice.ts';
import { type OptionValues, withDefault } from '../../options/option.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { withSessionOf } from '../../transport/with-session.ts';
import { connectionOptions, connectionRules } from '../connection-options.ts';
import { settingsOf } from '../system/system-fields.ts';

const PARTS = ['system', 'groups', 'users', 'associations', 'agent'] as const;

const options = {
  ...connectionOptions,
  gather: withDefault(choices(...PARTS), [...PARTS]),
};

type SystemInfoOptions = OptionValues<typeof options>;

/**
 * Everything about this host, read at the same time; nothing is changed. A host that is not enrolled
 * is an answer, not a failure.
 */
export const systemInfo = defineModule({
  name: 'jumpcloud_system_info',
  options,
  rules: connectionRules,
  async run(given: SystemInfoOptions, run) {
    let identity: Identity;
    try {
      identity = await identify(given.agent_dir, given.registration_timeout, run);
    } catch (error) {
      if (!(error instanceof NotEnrolled)) throw error;
      const reason = { code: error.code, message: error.message };
      return {
        changed: false,
        msg: 'This host is not enrolled.',
        fields: { enrolled: false, reason },
      };
    }
    const fields = await withSessionOf(run, identity, given, (session) => gather(session, given));
    const msg = `This host is system ${identity.systemId}.`;
    return { changed: false, msg, fields: { enrolled: true, ...fields } };
  },
});

async function gather(
  session: HostSession,
  { gather: parts }: SystemInfoOptions,
): Promise<Record<string, unknown>> {
  const wants = (part: (typeof PARTS)[number]) => parts.includes(part);
  const [record, groups, users, associations] = await Promise.all([
    wants('system') || wants('agent') ? readSystem(session) : undefined,
    wants('groups') ? readMemberships(session) : undefined,
    wants('users') ? readUsers(session) : undefined,
    wants('associations') ? readAllAssociations(session) : undefined,
  ]);
  return {
    ...(wants('system') && record && { system: record, settings: settingsOf(record) }),
    ...(groups && { groups: groups.sort() }),
    ...(users && { users: users.sort((a, b) => (a.id < b.id ? -1 : 1)) }),
    ...(associations && { associations }),
    ...(wants('agent') && record && { agent: describeAgent(session, record) }),
  };
}

async function readAllAssociations(session: HostSession): Promise<Record<string, unknown>> {
  const lists = OBJECT_TYPES.map(async (type) => {
    const edges = [...(await readAssociations(session, type))].sort(([a], [b]) => (a < b ? -1 : 1));
    return [type, edges.map(([id, sudo]) => (type === 'user_group' ? { id, ...sudo } : { id }))];
  });
  return Object.fromEntries(await Promise.all(lists));
}

function describeAgent(session: HostSession, record: SystemRecord): Record<string, unknown> {
  const { identity, origin } = session;
  return {
    system_id: identity.systemId,
    region: regionAt(origin) ?? null,
    api_url: origin,
    version: agentVersion(identity.agentDir) ?? record.agentVersion ?? null,
    enrolled_as: record.provisionMetadata?.provisioner?.type ?? null,
    key_matches_certificate: identity.keyMatchesCertificate ?? null,
    clock_offset: session.clock.offset(),
  };
}
