import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { test as base } from '../harness/emulator-fixture.ts';
import { executablePath, HOST_MODULES } from '../harness/executable.ts';
import { canHaveMounts, onHostWith } from '../harness/host-with-programs.ts';
import { quoted } from '../terminal.ts';

/** The ids that the examples name. */
export const IDS = {
  web: '5f1a3b0c9d2e4f6a7b8c9d10',
  monitored: '5f1a3b0c9d2e4f6a7b8c9d11',
  buildHosts: '5f1a3b0c9d2e4f6a7b8c9d12',
  admin: '5f1a3b0c9d2e4f6a7b8c9d20',
  guest: '5f1a3b0c9d2e4f6a7b8c9d21',
  policy: '5f1a3b0c9d2e4f6a7b8c9d30',
  command: '5f1a3b0c9d2e4f6a7b8c9d31',
} as const;

/** Folders that an example may name: in a sandbox they lie under its own folder. */
const MOVED = [
  '/usr/local/lib/jumpcloud',
  '/etc/jumpcloud',
  '/etc/systemd/system',
  '/tmp/jumpcloud',
];

/** The folder of the examples. */
export const EXAMPLES = new URL('../../ansible-examples/', import.meta.url).pathname;

/** What a host looks like to an example: its folders, and the programs on its PATH. */
export interface Sandbox {
  readonly directory: string;
  readonly host: EnrolledHost;
  /** With the stand-ins first on PATH, and no proxy between a module and the emulator. */
  readonly env: Record<string, string>;
  /**
   * Copies an example, its absolute paths moved into the sandbox and its text changed on top of
   * that if need be; gives the copy's path.
   */
  place(example: string, change?: (text: string) => string): Promise<string>;
  /** Where a path of the host lies in the sandbox. */
  path(absolute: string): string;
  /** Writes a file to a path of the host. */
  write(absolute: string, text: string): Promise<void>;
  /** Writes a program, the lines of a shell script, to a path of the host. */
  program(absolute: string, ...lines: string[]): Promise<void>;
  /** Puts a stand-in first on PATH: the lines of a shell script. */
  standIn(name: string, ...lines: string[]): Promise<void>;
  /** What this host's modules have written to JumpCloud since the last time: method and path. */
  writes(): string[];
  remove(): Promise<void>;
}

/** Tests with a `sandbox` of their own; the emulator has the objects that the examples name. */
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

/** A host of its own for an example to run on. */
export async function makeSandbox(emulator: Emulator): Promise<Sandbox> {
  const directory = await mkdtemp(join(tmpdir(), 'example-'));
  const host = await emulator.enrol({ agentDir: join(directory, 'opt/jc') });
  const path = (absolute: string) => join(directory, absolute);
  let seen = 0;

  const writeAt = async (to: string, text: string, mode: number) => {
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, text, { mode });
    await chmod(to, mode);
  };
  const program = (absolute: string, ...lines: string[]) =>
    writeAt(path(absolute), `#!/bin/sh\n${lines.join('\n')}\n`, 0o755);
  const { agentDir, systemId } = host;
  for (const module of HOST_MODULES) {
    // The stand-ins stop the agent, which this machine's own programs would do otherwise.
    const isRemoval = module === 'jumpcloud_removal' && canHaveMounts();
    const through = isRemoval ? onHostWith({ programs: path('/stand-ins') }) : [];
    const words = [...through, executablePath(module)];
    const call = moved(words, { agent_dir: agentDir, api_url: emulator.url });
    await program(`/usr/local/lib/jumpcloud/${module}`, call);
  }

  return {
    directory,
    host,
    path,
    program,
    write: (absolute, text) => writeAt(path(absolute), text, 0o600),
    env: {
      PATH: `${path('/stand-ins')}:${process.env['PATH']}`,
      HTTPS_PROXY: '',
      https_proxy: '',
      LC_ALL: 'C.UTF-8',
    },
    standIn: (name, ...lines) => program(`/stand-ins/${name}`, ...lines),
    async place(example, change = (text) => text) {
      const from = join(EXAMPLES, example);
      const to = join(directory, 'ansible-examples', example);
      const text = MOVED.reduce(
        (changed, place) => changed.replaceAll(place, path(place)),
        await readFile(from, 'utf8'),
      );
      await writeAt(to, change(text), (await stat(from)).mode & 0o777);
      return to;
    },
    writes() {
      const fresh = emulator.requests
        .slice(seen)
        .filter((request) => request.systemId === systemId);
      seen = emulator.requests.length;
      return fresh
        .filter(({ method }) => method !== 'GET')
        .map(({ method, url }) => `${method} ${url}`);
    },
    remove: () => rm(directory, { recursive: true }),
  };
}

/**
 * A shell script that calls an executable as it was called itself, for an agent and a JumpCloud
 * that are elsewhere than on a real host. Its settle does not wait as long as a real one has to.
 */
function moved(words: readonly string[], connection: Record<string, string>): string {
  const head = JSON.stringify(connection).slice(0, -1);
  const adapt = [
    `-e ${quoted('s/"settle": *[0-9]*/"settle":0.1/')}`,
    `-e ${quoted(`1s|^ *{|${head},|`)}`,
    `-e ${quoted('$s/,}$/}/')}`,
  ].join(' ');
  return `
adapt() { sed ${adapt}; }
for word; do
  shift
  case $word in
    --*) ;;
    -) word=$(adapt) ;;
    {*) word=$(printf '%s' "$word" | adapt) ;;
    *) word=$(adapt <"$word") ;;
  esac
  set -- "$@" "$word"
done
exec ${words.map(quoted).join(' ')} "$@"`;
}
