import { rename, writeFile } from 'node:fs/promises';
import type { StartedEmulator } from './introduction.ts';
import type { SampleObject } from './sample-objects.ts';

/**
 * Writes a file with the data that a program needs to use the emulator. The file is written
 * atomically.
 */
export async function writeReadyFile(path: string, started: StartedEmulator): Promise<void> {
  const { url, hosts, objects, apiKey, serviceAccount, tokenUrl } = started;
  const [{ agentDir, systemId }] = hosts;
  const idsOf = (type: SampleObject['type']) =>
    objects.filter((object) => object.type === type).map(({ id }) => id);
  const ready = {
    url,
    agentDir,
    systemId,
    hosts: hosts.map((host) => ({ agentDir: host.agentDir, systemId: host.systemId })),
    apiKey,
    clientId: serviceAccount.clientId,
    clientSecret: [...serviceAccount.secrets][0],
    tokenUrl,
    pid: process.pid,
    groups: idsOf('system_group'),
    users: idsOf('user'),
    userGroups: idsOf('user_group'),
    commands: idsOf('command'),
    policies: idsOf('policy'),
    policyGroups: idsOf('policy_group'),
    names: idsByName(objects),
  };
  await writeFile(`${path}.new`, JSON.stringify(ready), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Returns the ids of objects by type, then by name. */
function idsByName(objects: readonly SampleObject[]): Record<string, Record<string, string>> {
  const ids: Record<string, Record<string, string>> = {};
  for (const { type, id, name } of objects) ids[type] = { ...ids[type], [name]: id };
  return ids;
}
