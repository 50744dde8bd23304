import { existsSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Emulator, type EnrolledHost, startEmulator } from './emulator.ts';
import { type Furnished, furnish } from './furnish.ts';
import type { LoggedRequest } from './types.ts';

const USAGE = 'npm run emulator [-- --port N --dir DIR --ready-file FILE]';

/** What is said, without a stack, to somebody who asked for what cannot be. */
class Refusal extends Error {}

interface Wishes {
  readonly port: number;
  /** Undefined for a new folder, removed at the end. */
  readonly dir: string | undefined;
  readonly readyFile: string | undefined;
}

function readWishes(): Wishes {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ options: { port: text, dir: text, 'ready-file': text } });
    const port = Number(values.port ?? 0);
    if (!/^\d{1,5}$/.test(values.port ?? '0') || port > 65535) {
      throw new Error(`--port must be a number from 0 to 65535, got "${values.port}"`);
    }
    return {
      port,
      dir: values.dir && resolve(values.dir),
      readyFile: values['ready-file'] && resolve(values['ready-file']),
    };
  } catch (error) {
    throw new Refusal(`${(error as Error).message.replace(/\.$/, '')}. Usage: ${USAGE}`);
  }
}

/** A real agent's key, once overwritten, is gone. */
function requireOwnFolder(dir: string): void {
  const conf = join(dir, 'jcagent.conf');
  if (!existsSync(conf) || readFileSync(conf, 'utf8').includes('"o=example,')) return;
  throw new Refusal(`${dir} holds an agent that is not the emulator's. Choose another folder.`);
}

async function listen(port: number): Promise<Emulator> {
  try {
    return await startEmulator({ port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'is in use' : `cannot be had (${code})`;
    throw new Refusal(`Port ${port} ${reason}. Choose another with --port, or none for any.`);
  }
}

async function enrol(emulator: Emulator, dir: string | undefined): Promise<EnrolledHost> {
  try {
    return await emulator.enrol(dir === undefined ? {} : { agentDir: dir });
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    throw new Refusal(`${path} cannot be written (${code}). Choose another folder.`);
  }
}

const idsOf = (objects: readonly Furnished[], type: Furnished['type']) =>
  objects.filter((object) => object.type === type).map(({ id }) => id);

/** What a program needs to know; written as a whole, so that nobody reads half of it. */
async function writeReadyFile(
  path: string,
  url: string,
  { agentDir, systemId }: EnrolledHost,
  objects: readonly Furnished[],
): Promise<void> {
  const ready = {
    url,
    agentDir,
    systemId,
    pid: process.pid,
    groups: idsOf(objects, 'system_group'),
    users: idsOf(objects, 'user'),
    userGroups: idsOf(objects, 'user_group'),
    commands: idsOf(objects, 'command'),
    policies: idsOf(objects, 'policy'),
    policyGroups: idsOf(objects, 'policy_group'),
  };
  await writeFile(`${path}.new`, JSON.stringify(ready));
  await rename(`${path}.new`, path);
}

function introduction(
  url: string,
  { agentDir, systemId }: EnrolledHost,
  objects: readonly Furnished[],
): string {
  const free = (type: Furnished['type']) =>
    objects.find((object) => object.type === type && object.standing === '')?.id;
  const line = (module: string, options: Record<string, unknown>, ...flags: string[]) => {
    const json = JSON.stringify({ agent_dir: agentDir, api_url: url, ...options });
    const quoted = `'${json.replaceAll("'", `'\\''`)}'`;
    return `  ${[`dist/modules/${module}`, quoted, ...flags].join(' ')}`;
  };
  return [
    "JumpCloud's System Context API, emulated on this machine alone. Ctrl-C ends it.",
    '',
    `  api_url    ${url}`,
    `  agent_dir  ${agentDir}`,
    `  system_id  ${systemId}  a throwaway host`,
    '',
    'Its organisation has:',
    ...objects.map(({ type, id, standing }) => `  ${type.padEnd(13)} ${id}  ${standing}`.trimEnd()),
    '',
    'To try, in another terminal in the folder of this project (npm run build makes dist/):',
    line('jumpcloud_system_info', {}),
    line('jumpcloud_system', { display_name: 'web-1' }, '--check', '--diff'),
    line('jumpcloud_system', { display_name: 'web-1' }),
    line('jumpcloud_group_membership', { groups: [free('system_group')] }),
    line('jumpcloud_user_binding', { users: [{ id: free('user'), sudo: true }] }),
    line('jumpcloud_association', { type: 'command', ids: [free('command')] }),
    line('jumpcloud_removal', { system_id: systemId }, '--check'),
    '',
    'Requests:',
  ].join('\n');
}

function describe({ method, url, status, body }: LoggedRequest): string {
  const written = body === undefined ? '' : ` ${JSON.stringify(body)}`;
  return `${method} ${url} ${status || 'no answer'}${written}`;
}

async function main(): Promise<void> {
  const { port, dir, readyFile } = readWishes();
  if (dir !== undefined) requireOwnFolder(dir);
  const emulator = await listen(port);
  const host = await enrol(emulator, dir);
  const objects = furnish(emulator.store, host.systemId);
  emulator.onRequest.push((request) => console.log(describe(request)));

  let ending = false;
  const end = async () => {
    // A terminal's Ctrl-C arrives twice: directly, and through the program that started this one.
    if (ending) return;
    ending = true;
    await emulator.close();
    if (dir === undefined) await host.remove();
    if (readyFile !== undefined) await rm(readyFile, { force: true });
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);

  console.log(introduction(emulator.url, host, objects));
  if (readyFile !== undefined) await writeReadyFile(readyFile, emulator.url, host, objects);
}

main().catch((error) => {
  console.error(error instanceof Refusal ? error.message : error);
  process.exit(1);
});
