import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { TOKEN_PATH } from './answer-token.ts';
import { type Behaviour, behaviourOf } from './behaviour.ts';
import { type Emulator, type EnrolledHost, startEmulator } from './emulator.ts';
import { introduction, type StartedEmulator } from './introduction.ts';
import { makeKeyFiles } from './keys.ts';
import { writeReadyFile } from './ready-file.ts';
import { addDeadRecords, addDynamicGroup, addSampleObjects } from './sample-objects.ts';
import { READ_ONLY_ROLE } from './service-accounts.ts';
import type { LoggedRequest } from './types.ts';

const USAGE =
  'npm run emulator [-- --port N --dir DIR --hosts N --dead N --ready-file FILE --answers probe-report.json]';

const HELP = `Usage: ${USAGE}

  --port N           the port to listen on; default: any free port
  --dir DIR          the agent directory of the host, or with --hosts the directory in which
                     each host has its own; default: temporary directories
  --hosts N          the number of hosts to enrol, each with its own key; default: 1
  --dead N           the number of records of dead hosts to add; default: 0
  --ready-file FILE  a file for scripts, written when the emulator is ready
  --answers FILE     answer as a report of npm run probe describes
  --help             print this text`;

/** An error in the command line. It is printed without a stack trace. */
class UsageError extends Error {}

interface CommandOptions {
  readonly port: number;
  /** The number of hosts. If there are several, each has its own directory inside `dir`. */
  readonly hosts: number;
  /** The number of records of dead hosts. */
  readonly dead: number;
  /**
   * The directory of the hosts. If undefined, temporary directories are used and removed at the
   * end.
   */
  readonly dir: string | undefined;
  readonly readyFile: string | undefined;
  /** The behaviour that a report of `npm run probe` describes. */
  readonly behaviour: Partial<Behaviour>;
  readonly help: boolean;
}

function parseCommandOptions(): CommandOptions {
  const text = { type: 'string' } as const;
  try {
    const options = {
      port: text,
      dir: text,
      hosts: text,
      dead: text,
      'ready-file': text,
      answers: text,
    };
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
    return {
      port: parseWholeNumber('port', values.port ?? '0', 0, 65535),
      hosts: parseWholeNumber('hosts', values.hosts ?? '1', 1, 1000),
      dead: parseWholeNumber('dead', values.dead ?? '0', 0, 1000),
      dir: values.dir && resolve(values.dir),
      readyFile: values['ready-file'] && resolve(values['ready-file']),
      behaviour: values.answers === undefined ? {} : readProbeReport(values.answers),
      help: values.help ?? false,
    };
  } catch (error) {
    throw new UsageError(`${(error as Error).message.replace(/\.$/, '')}. Usage: ${USAGE}`);
  }
}

function readProbeReport(path: string): Partial<Behaviour> {
  try {
    return behaviourOf(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path} is not a report of npm run probe: ${(error as Error).message}`);
  }
}

function parseWholeNumber(option: string, text: string, from: number, to: number): number {
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number >= from && number <= to) return number;
  throw new Error(`--${option} must be a number from ${from} to ${to}, got "${text}"`);
}

/** Refuses the directory of a real agent, because the emulator would overwrite the agent's key. */
function requireEmulatorDirectory(dir: string): void {
  const conf = join(dir, 'jcagent.conf');
  if (!existsSync(conf) || readFileSync(conf, 'utf8').includes('"o=example,')) return;
  throw new UsageError(
    `${dir} holds an agent that is not the emulator's. Choose another directory.`,
  );
}

async function listen({ port, behaviour }: CommandOptions): Promise<Emulator> {
  try {
    return await startEmulator({ port, behaviour });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${code})`;
    throw new UsageError(
      `Port ${port} ${reason}. Choose another with --port, or omit --port for any free port.`,
    );
  }
}

async function enrol(emulator: Emulator, agentDir: string | undefined): Promise<EnrolledHost> {
  try {
    const options = {
      record: { systemInsights: { state: 'enabled' } },
      // Each host has its own key, so that a request signed with another host's key is refused.
      keys: await makeKeyFiles(),
    };
    return await emulator.enrol(agentDir === undefined ? options : { ...options, agentDir });
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path} cannot be written (${code}). Choose another directory.`);
  }
}

function formatRequest({ method, url, status, body }: LoggedRequest): string {
  const written = body === undefined ? '' : ` ${JSON.stringify(body)}`;
  return `${method} ${url} ${status || 'no answer'}${written}`;
}

/**
 * Returns each host's directory.
 * @throws UsageError if one of them belongs to a real agent
 */
function agentDirectories({ dir, hosts }: CommandOptions): readonly (string | undefined)[] {
  const numbers = Array.from({ length: hosts }, (_, i) => i + 1);
  if (dir === undefined) return numbers.map(() => undefined);
  const directories = hosts === 1 ? [dir] : numbers.map((number) => join(dir, `host-${number}`));
  for (const directory of directories) requireEmulatorDirectory(directory);
  return directories;
}

async function main(): Promise<void> {
  const options = parseCommandOptions();
  if (options.help) return console.log(HELP);
  const [directory, ...directories] = agentDirectories(options);
  const emulator = await listen(options);
  const { url, store } = emulator;
  const first = await enrol(emulator, directory);
  const hosts: [EnrolledHost, ...EnrolledHost[]] = [first];
  for (const other of directories) hosts.push(await enrol(emulator, other));
  const systemIds = hosts.map(({ systemId }) => systemId);
  const objects = addSampleObjects(store, first.systemId);
  objects.push(addDynamicGroup(store, systemIds));
  addDeadRecords(store, options.dead);
  const started: StartedEmulator = {
    url,
    hosts,
    deadRecords: options.dead,
    objects,
    apiKey: store.addApiKey(),
    serviceAccount: store.serviceAccounts.add({ role: READ_ONLY_ROLE }),
    tokenUrl: url + TOKEN_PATH,
  };
  emulator.onRequest.push((request) => console.log(formatRequest(request)));

  let isClosing = false;
  const close = async () => {
    // Ctrl-C in a terminal arrives twice: directly, and through npm.
    if (isClosing) return;
    isClosing = true;
    await emulator.close();
    if (options.dir === undefined) for (const host of hosts) await host.remove();
    if (options.readyFile !== undefined) await rm(options.readyFile, { force: true });
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, close);

  console.log(introduction(started));
  if (options.readyFile !== undefined) await writeReadyFile(options.readyFile, started);
}

main().catch((error) => {
  console.error(error instanceof UsageError ? error.message : error);
  process.exit(1);
});
