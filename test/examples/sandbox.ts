import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { test as base } from '../harness/emulator-fixture.ts';
import { executablePath, HOST_MODULE_NAMES } from '../harness/executable.ts';
import { canHaveMounts, onHostWithPrograms } from '../harness/host-with-programs.ts';
import { quoteForShell } from '../terminal.ts';

/** The ids that the examples contain. */
export const IDS = {
  web: '5f1a3b0c9d2e4f6a7b8c9d10',
  monitored: '5f1a3b0c9d2e4f6a7b8c9d11',
  buildHosts: '5f1a3b0c9d2e4f6a7b8c9d12',
  admin: '5f1a3b0c9d2e4f6a7b8c9d20',
  guest: '5f1a3b0c9d2e4f6a7b8c9d21',
  policy: '5f1a3b0c9d2e4f6a7b8c9d30',
  command: '5f1a3b0c9d2e4f6a7b8c9d31',
} as const;

/** Prefixes of paths in the examples. A sandbox moves such paths below its own directory. */
const MOVED_PREFIXES = [
  '/usr/bin/jumpcloud_',
  '/usr/lib/jumpcloud-system-context',
  '/usr/lib/systemd/system',
  '/usr/local/lib/jumpcloud-system-context',
  '/usr/local/sbin/',
  '/etc/jumpcloud',
  '/etc/machine-id',
  '/etc/ssh/',
  '/var/lib/',
  '/var/log/',
  '/etc/systemd/system',
  '/opt/jc/',
  '/root/',
  '/home/',
  'jumpcloud-build',
];

/** The directory of the programs that the packages install beside the modules. */
const PROGRAMS = new URL('../../packaging/systemd/programs/', import.meta.url).pathname;

/** The directory of the examples. */
export const EXAMPLES = new URL('../../ansible-examples/', import.meta.url).pathname;

/** A temporary host for an example: its directories, and the programs on its PATH. */
export interface Sandbox {
  readonly directory: string;
  readonly host: EnrolledHost;
  /** The environment. Its PATH lists the replaced programs first, and it sets no proxy. */
  readonly env: Record<string, string>;
  /**
   * Copies an example, moves the absolute paths in its text into the sandbox, and applies `change`
   * to the text. Returns the path of the copy.
   */
  place(example: string, change?: (text: string) => string): Promise<string>;
  /** Moves the absolute paths in a text into the sandbox. */
  move(text: string): string;
  /** Returns the path in the sandbox for a path on the host. */
  path(absolute: string): string;
  /** Writes a file to a path of the host. */
  write(absolute: string, text: string): Promise<void>;
  /** Writes a program, given as the lines of a shell script, to a path of the host. */
  writeProgram(absolute: string, ...lines: string[]): Promise<void>;
  /** Replaces a program with a shell script, given as its lines. The script comes first in PATH. */
  replaceProgram(name: string, ...lines: string[]): Promise<void>;
  /**
   * Returns method and path of each write that this host has sent since `writes` was last called.
   */
  writes(): string[];
  remove(): Promise<void>;
}

/**
 * The `test` of vitest with a new `sandbox` for each test. Its emulator has the objects whose ids
 * the examples contain.
 */
export const test = base
  .extend('emulator', { scope: 'file' }, async ({ startWith }) => {
    const emulator = await startWith();
    for (const id of [IDS.web, IDS.monitored, IDS.buildHosts]) emulator.store.addGroup(id);
    for (const id of [IDS.admin, IDS.guest]) emulator.store.addUser(id);
    emulator.store.addObject('policy', IDS.policy);
    emulator.store.addObject('command', IDS.command);
    return emulator;
  })
  .extend('sandbox', async ({ emulator }, { onCleanup }) => {
    const sandbox = await makeSandbox(emulator);
    onCleanup(() => sandbox.remove());
    return sandbox;
  });

/** Makes a host for an example, enrolled in the emulator. */
export async function makeSandbox(emulator: Emulator): Promise<Sandbox> {
  const directory = await mkdtemp(join(tmpdir(), 'example-'));
  const host = await emulator.enrol({ agentDir: join(directory, 'opt/jc') });
  const path = (absolute: string) => join(directory, absolute);
  let reported = 0;

  const writeWithMode = async (to: string, text: string, mode: number) => {
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, text, { mode });
    await chmod(to, mode);
  };
  const writeProgram = (absolute: string, ...lines: string[]) =>
    writeWithMode(path(absolute), `#!/bin/sh\n${lines.join('\n')}\n`, 0o755);
  const { agentDir, systemId } = host;
  for (const module of HOST_MODULE_NAMES) {
    // A removal stops the agent's service, so it must run the replaced programs, not this
    // machine's.
    const isRemoval = module === 'jumpcloud_removal' && canHaveMounts();
    const wrapper = isRemoval ? onHostWithPrograms({ programs: path('/replaced') }) : [];
    const words = [...wrapper, executablePath(module)];
    const script = makeCallScript(words, { agent_dir: agentDir, api_url: emulator.url });
    await writeProgram(`/usr/bin/${module}`, script);
  }

  /** Moves the absolute paths in a text into the sandbox. */
  const move = (text: string) =>
    MOVED_PREFIXES.reduce((moved, absolute) => moved.replaceAll(absolute, path(absolute)), text);
  for (const program of await readdir(PROGRAMS)) {
    const text = move(await readFile(join(PROGRAMS, program), 'utf8'));
    await writeWithMode(path(`/usr/lib/jumpcloud-system-context/${program}`), text, 0o755);
  }

  return {
    directory,
    host,
    path,
    move,
    writeProgram,
    write: (absolute, text) => writeWithMode(path(absolute), text, 0o600),
    env: {
      PATH: `${path('/replaced')}:${path('/usr/bin')}:${process.env['PATH']}`,
      HTTPS_PROXY: '',
      https_proxy: '',
      LC_ALL: 'C.UTF-8',
    },
    replaceProgram: (name, ...lines) => writeProgram(`/replaced/${name}`, ...lines),
    async place(example, change = (text) => text) {
      const from = join(EXAMPLES, example);
      const to = join(directory, 'ansible-examples', example);
      const text = change(move(await readFile(from, 'utf8')));
      await writeWithMode(to, text, (await stat(from)).mode & 0o777);
      return to;
    },
    writes() {
      const newRequests = emulator.requests
        .slice(reported)
        .filter((request) => request.systemId === systemId);
      reported = emulator.requests.length;
      return newRequests
        .filter(({ method }) => method !== 'GET')
        .map(({ method, url }) => `${method} ${url}`);
    },
    remove: () => rm(directory, { recursive: true }),
  };
}

/**
 * Returns a shell script that calls an executable with the script's arguments and the given
 * connection options. It also shortens `settle`, so that no test waits as long as a real host.
 */
function makeCallScript(words: readonly string[], connection: Record<string, string>): string {
  const head = JSON.stringify(connection).slice(0, -1);
  const adapt = [
    `-e ${quoteForShell('s/"settle": *[0-9]*/"settle":0.1/')}`,
    `-e ${quoteForShell(`1s|^ *{|${head},|`)}`,
    `-e ${quoteForShell('$s/,}$/}/')}`,
  ].join(' ');
  const call = words.map(quoteForShell).join(' ');
  return `
adapt() { sed ${adapt}; }
input=
for word; do
  shift
  case $word in
    --*) ;;
    -) input=yes ;;
    {*) word=$(printf '%s' "$word" | adapt) ;;
    *) word=$(adapt <"$word") ;;
  esac
  set -- "$@" "$word"
done
if [ -n "$input" ]; then
  adapt | ${call} "$@"
else
  exec ${call} "$@"
fi`;
}
