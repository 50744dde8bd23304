import { rename, writeFile } from 'node:fs/promises';
import type { HostWithSamples } from './furnish.ts';
import type { Offer } from './introduction.ts';

/** Tells a program what there is; written as a whole, so that nobody reads half of it. */
export async function writeReadyFile(path: string, offer: Offer): Promise<void> {
  const { url, hosts, objects, apiKey } = offer;
  const [{ agentDir, systemId }] = hosts;
  const idsOf = (type: HostWithSamples['type']) =>
    objects.filter((object) => object.type === type).map(({ id }) => id);
  const ready = {
    url,
    agentDir,
    systemId,
    hosts: hosts.map((host) => ({ agentDir: host.agentDir, systemId: host.systemId })),
    apiKey,
    pid: process.pid,
    groups: idsOf('system_group'),
    users: idsOf('user'),
    userGroups: idsOf('user_group'),
    commands: idsOf('command'),
    policies: idsOf('policy'),
    policyGroups: idsOf('policy_group'),
    names: namesOf(objects),
  };
  await writeFile(`${path}.new`, JSON.stringify(ready), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Ids by type and name. */
function namesOf(objects: readonly HostWithSamples[]): Record<string, Record<string, string>> {
  const names: Record<string, Record<string, string>> = {};
  for (const { type, id, name } of objects) names[type] = { ...names[type], [name]: id };
  return names;
}
