import type { Client } from './client.ts';
import { recordReadRequest } from './host-actions.ts';

/** The error for a host that the probe cannot use. Nothing was created. */
export class UnusableHost extends Error {}

/**
 * Checks that JumpCloud accepts this host's signature, and that the administrator sees the same
 * record. Returns the record.
 * @throws UnusableHost
 */
export async function requireSameOrganisation(client: Client): Promise<Record<string, unknown>> {
  const own = await readOwnRecord(client);
  const { path } = recordReadRequest(client.systemId);
  const seen = await client.send({ actor: 'administrator', method: 'GET', path });
  const { _id, id = _id } = Object(seen.body);
  if (seen.status !== 200 || id !== client.systemId) {
    throw new UnusableHost(
      `The administrator's credentials cannot read the record of this host (status ${seen.status}). They may belong to another organisation. Nothing was created.`,
    );
  }
  return own;
}

async function readOwnRecord(client: Client): Promise<Record<string, unknown>> {
  const read = recordReadRequest(client.systemId);
  const first = await client.send(read);
  // The Date header of the first answer corrects the time of the next signature, so the second
  // request may succeed.
  const { status, body } = first.status === 401 ? await client.send(read) : first;
  if (status !== 200) {
    throw new UnusableHost(
      `JumpCloud does not accept this host (status ${status}). Run jumpcloud_system_info to find out why. Nothing was created.`,
    );
  }
  return Object(body);
}
