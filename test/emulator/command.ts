import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Emulator, type EnrolledHost, startEmulator } from './emulator.ts';
import { enrolForCalls, furnishDynamicGroup } from './furnish.ts';
import { introduction, type Offer } from './introduction.ts';
import { writeReadyFile } from './ready-file.ts';
import type { LoggedRequest } from './types.ts';

const USAGE = 'npm run emulator [-- --port N --dir DIR --hosts N --ready-file FILE]';

/** What is said, without a stack, to somebody who asked for what cannot be. */
class Refusal extends Error {}

interface DesiredByModule {
  readonly port: number;
  /** Each in a folder of its own inside `dir`, when there are several. */
  readonly hosts: number;
  /** Undefined for new folders, removed at the end. */
  readonly dir: string | undefined;
  readonly readyFile: string | undefined;
}

function readDesired(): DesiredByModule {
  const text = { type: 'string' } as const;
  try {
    const options = { port: text, dir: text, hosts: text, 'ready-file': text };
    const { values } = parseArgs({ options });
    return {
      port: wholeNumber('port', values.port ?? '0', 0, 65535),
      hosts: wholeNumber('hosts', values.hosts ?? '1', 1, 1000),
      dir: values.dir && resolve(values.dir),
      readyFile: values['ready-file'] && resolve(values['ready-file']),
    };
  } catch (error) {
    throw new Refusal(`${(error as Error).message.replace(/\.$/, '')}. Usage: ${USAGE}`);
  }
}

function wholeNumber(option: string, text: string, from: number, to: number): number {
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number >= from && number <= to) return number;
  throw new Error(`--${option} must be a number from ${from} to ${to}, got "${text}"`);
}

/** A real agent's key, once overwritten, is gone. */
function requireOwnDirectory(dir: string): void {
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

async function enrol(emulator: Emulator, agentDir: string | undefined): Promise<EnrolledHost> {
  try {
    return await emulator.enrol(agentDir === undefined ? {} : { agentDir });
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    throw new Refusal(`${path} cannot be written (${code}). Choose another folder.`);
  }
}

function describe({ method, url, status, body }: LoggedRequest): string {
  const written = body === undefined ? '' : ` ${JSON.stringify(body)}`;
  return `${method} ${url} ${status || 'no answer'}${written}`;
}

/** The folders of so many hosts, all checked before the first is written. */
function foldersOf({ dir, hosts }: DesiredByModule): readonly (string | undefined)[] {
  const numbers = Array.from({ length: hosts }, (_, i) => i + 1);
  if (dir === undefined) return numbers.map(() => undefined);
  const directories = hosts === 1 ? [dir] : numbers.map((number) => join(dir, `host-${number}`));
  for (const directory of directories) requireOwnDirectory(directory);
  return directories;
}

async function main(): Promise<void> {
  const allDesired = readDesired();
  const [directory, ...directories] = foldersOf(allDesired);
  const emulator = await listen(allDesired.port);
  const { url, store } = emulator;
  const first = await enrol(emulator, directory);
  const hosts: [EnrolledHost, ...EnrolledHost[]] = [first];
  for (const other of directories) hosts.push(await enrol(emulator, other));
  const systemIds = hosts.map(({ systemId }) => systemId);
  const objects = enrolForCalls(store, first.systemId);
  objects.push(furnishDynamicGroup(store, systemIds));
  const offer: Offer = { url, hosts, objects, apiKey: store.addApiKey() };
  emulator.onRequest.push((request) => console.log(describe(request)));

  let ending = false;
  const end = async () => {
    // A terminal's Ctrl-C arrives twice: directly, and through the program that started this one.
    if (ending) return;
    ending = true;
    await emulator.close();
    if (allDesired.dir === undefined) for (const host of hosts) await host.remove();
    if (allDesired.readyFile !== undefined) await rm(allDesired.readyFile, { force: true });
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);

  console.log(introduction(offer));
  if (allDesired.readyFile !== undefined) await writeReadyFile(allDesired.readyFile, offer);
}

main().catch((error) => {
  console.error(error instanceof Refusal ? error.message : error);
  process.exit(1);
});
