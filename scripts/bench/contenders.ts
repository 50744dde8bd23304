import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emulator, EnrolledHost } from '../../test/emulator/emulator.ts';
import type { Command } from '../../test/harness/measurer.ts';
import { projectDirectory } from '../build/project-directory.ts';
import { writeNaiveBundle } from './write-naive-bundle.ts';

/** A command to measure. The command may differ between rounds. */
export interface Contender {
  readonly name: string;
  readonly bytes?: number;
  readonly command: (node: string, round: number) => Command;
  /** Undoes the changes of a round. */
  readonly reset?: () => void;
  /**
   * Set for a contender that is measured only on loopback, because the network does not affect it.
   */
  readonly isLoopbackOnly?: true;
}

/** The name of the baseline, with which all contenders are compared. */
export const FLOOR = 'floor: node:https, one signed GET';

/** The name of the contender that manages five sections with one run of jumpcloud_host. */
export const HOST_MODULE = 'jumpcloud_host, five sections unchanged';
/** The name of the contender that runs one module for each of four sections, in sequence. */
export const SINGLE_MODULES = 'four single modules in sequence, unchanged';

/** Returns the contenders: an empty program, the floor, the modules, and their alternatives. */
export async function makeContenders(
  { store }: Emulator,
  url: string,
  host: EnrolledHost,
  directory: string,
): Promise<Contender[]> {
  const { systemId, agentDir } = host;
  const connection = { agent_dir: agentDir, api_url: url };
  const group = store.addGroup();
  const otherGroup = store.addGroup();
  const user = store.addUser();
  const groups = Array.from({ length: 20 }, () => store.addGroup());
  const users = Array.from({ length: 10 }, () => store.addUser());
  const userGroup = store.addUserGroup();
  const command = store.addObject('command');
  const args = async (name: string, options: object) => {
    const path = join(directory, `${name}.json`);
    await writeFile(path, JSON.stringify({ ...connection, ...options }));
    return path;
  };
  store.record(systemId).displayName = 'web-1';
  store.join(systemId, group);
  store.associate(systemId, 'user', user);
  store.associate(systemId, 'user_group', userGroup);
  store.associate(systemId, 'command', command);
  const unchanged = await args('unchanged', { display_name: 'web-1' });
  const floor = join(projectDirectory, 'scripts/bench/floor.cjs');

  const module = async (name: string, label: string, options: object, reset?: () => void) => {
    const file = join(projectDirectory, 'dist/modules', name);
    const path = await args(`${name}-${label}`, options);
    return {
      name: `${name}, ${label}`,
      bytes: (await stat(file)).size,
      command: (node: string) => ({ argv: [file, path], env: { JUMPCLOUD_NODE: node } }),
      ...(reset && { reset }),
    };
  };
  const single = [
    await module('jumpcloud_system', 'unchanged', { display_name: 'web-1' }),
    await module('jumpcloud_group_membership', 'unchanged', { groups: [group] }),
    await module('jumpcloud_user_binding', 'unchanged', { users: [user] }),
    await module('jumpcloud_association', 'unchanged', { type: 'command', ids: [command] }),
  ] as const;
  const parts = (node: string): Command => {
    const calls = single.map(({ command }) => command(node).argv.join(' '));
    return { argv: ['sh', '-ec', calls.join('; ')], env: { JUMPCLOUD_NODE: node } };
  };
  const naive = async (name: string, hasFlags: boolean) => {
    const file = join(directory, `naive-${hasFlags}`);
    await writeNaiveBundle(file, hasFlags);
    return {
      name,
      bytes: (await stat(file)).size,
      command: (node: string) => ({ argv: [node, '--use-openssl-ca', file, unchanged] }),
      isLoopbackOnly: true,
    } as const;
  };
  return [
    { name: 'node -e 0', command: (node) => ({ argv: [node, '-e', '0'] }), isLoopbackOnly: true },
    { name: FLOOR, command: (node) => ({ argv: [node, floor, unchanged] }) },
    ...single,
    { name: SINGLE_MODULES, command: parts },
    {
      ...(await module('jumpcloud_host', 'unchanged', {
        system: { display_name: 'web-1' },
        groups: [group],
        users: [user],
        user_groups: [userGroup],
        commands: [command],
      })),
      name: HOST_MODULE,
    },
    await module('jumpcloud_system_info', 'everything', {}),
    {
      ...(await module('jumpcloud_removal', 'unchanged', { agent_dir: join(directory, 'none') })),
      isLoopbackOnly: true,
    },
    await module('jumpcloud_system', 'changed', { display_name: 'web-2' }, () => {
      store.record(systemId).displayName = 'web-1';
    }),
    await module(
      'jumpcloud_host',
      'first run: 20 groups and 10 users added',
      { groups, users },
      () => {
        for (const id of groups) store.leave(systemId, id);
        for (const id of users) store.dissociate(systemId, 'user', id);
      },
    ),
    await module('jumpcloud_group_membership', 'changed', { groups: [otherGroup] }, () =>
      store.leave(systemId, otherGroup),
    ),
    await naive('naive bundle, unchanged', false),
    await naive('naive bundle with our V8 flags, unchanged', true),
    {
      name: 'bash, openssl and curl, writes every time',
      command: () => ({
        argv: [join(projectDirectory, 'scripts/bench/by-hand.sh'), agentDir, url, 'web-1'],
      }),
    },
  ];
}
