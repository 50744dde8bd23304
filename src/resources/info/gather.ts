import { regionOfOrigin } from '../../agent/region.ts';
import { readAgentVersion } from '../../agent/version.ts';
import { readAssociations } from '../../api/associations.ts';
import { readMemberships } from '../../api/memberships.ts';
import { readSystem, type SystemRecord } from '../../api/systems.ts';
import { type BoundUser, readUsers } from '../../api/users.ts';
import { NON_USER_ASSOCIATION_TYPES } from '../../base/named-kinds.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { readInParallel } from '../read-in-parallel.ts';
import { reportRecord } from '../system/record-report.ts';
import { requiredReads, type SystemInfoOptions } from './info-options.ts';

/** The parts of the requested information that have been read so far. */
interface GatheredParts {
  record?: SystemRecord;
  groups?: string[];
  users?: BoundUser[];
  associations?: Record<string, unknown>;
}

/** Reads the requested parts in parallel, and returns their result fields. */
export async function gather(
  run: Run,
  session: HostSession,
  { gather: parts }: SystemInfoOptions,
): Promise<Record<string, unknown>> {
  const required = requiredReads(parts);
  const gathered: GatheredParts = {};
  const gatherPart = async <K extends keyof GatheredParts>(
    part: K,
    read: (session: HostSession) => Promise<GatheredParts[K]>,
  ) => {
    if (required[part]) gathered[part] = await read(session);
  };
  try {
    await readInParallel(session, [
      gatherPart('record', readSystem),
      gatherPart('groups', readMemberships),
      gatherPart('users', readUsers),
      gatherPart('associations', readNonUserAssociations),
    ]);
  } catch (error) {
    const fields = resultFields(session, parts, gathered);
    if (Object.keys(fields).length > 0)
      run.report.setProgress(() => ({ changed: false, enrolled: true, ...fields }));
    throw error;
  }
  return resultFields(session, parts, gathered);
}

function resultFields(
  session: HostSession,
  parts: SystemInfoOptions['gather'],
  { record, groups, users, associations }: GatheredParts,
): Record<string, unknown> {
  return {
    ...(parts.includes('system') && record && reportRecord(record)),
    ...(groups && { groups: groups.sort() }),
    ...(users && { users: users.sort((a, b) => (a.id < b.id ? -1 : 1)) }),
    ...(associations && { associations }),
    ...(parts.includes('agent') && record && { agent: describeAgent(session, record) }),
  };
}

async function readNonUserAssociations(session: HostSession): Promise<Record<string, unknown>> {
  const lists = NON_USER_ASSOCIATION_TYPES.map(async (type) => {
    const edges = [...(await readAssociations(session, type))].sort(([a], [b]) => (a < b ? -1 : 1));
    return [type, edges.map(([id, sudo]) => (type === 'user_group' ? { id, ...sudo } : { id }))];
  });
  return Object.fromEntries(await Promise.all(lists));
}

function describeAgent(session: HostSession, record: SystemRecord): Record<string, unknown> {
  const { identity, origin } = session;
  return {
    system_id: identity.systemId,
    region: regionOfOrigin(origin) ?? null,
    api_url: origin,
    version: readAgentVersion(identity.agentDir) ?? record.agentVersion ?? null,
    enrolled_as: record.provisionMetadata?.provisioner?.type ?? null,
    key_matches_certificate: identity.keyMatchesCertificate ?? null,
    clock_offset: session.clock.offsetInSeconds(),
  };
}
