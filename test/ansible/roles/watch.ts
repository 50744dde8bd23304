import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A watch that runs until it is stopped. */
export interface Watch {
  /** Ends the watch. Returns all command lines or paths that it found, without duplicates. */
  stop(): Promise<string[]>;
}

/** Watches the command lines of all processes for a text. */
export function watchProcesses(text: string): Watch {
  return watch(async () =>
    (await listProcesses())
      .map(({ commandLine }) => commandLine)
      .filter((commandLine) => commandLine.includes(text)),
  );
}

/** Watches the files below directories for a text. */
export function watchFiles(directories: readonly string[], text: string): Watch {
  return watch(() => findFilesWith(directories, text));
}

/** Returns the paths of the files below directories that contain a text. */
export async function findFilesWith(
  directories: readonly string[],
  text: string,
): Promise<string[]> {
  const found = await Promise.all(
    directories.map(async (directory) => {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
        () => [],
      );
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  const holds = async (path: string) =>
    (await readFile(path, 'utf8').catch(() => '')).includes(text);
  const paths = found.flat();
  const held = await Promise.all(paths.map(holds));
  return paths.filter((_, index) => held[index]);
}

/** Returns the processes of this machine, with their arguments separated by spaces. */
async function listProcesses(): Promise<{ pid: number; commandLine: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), commandLine: line.replaceAll('\0', ' ') };
    }),
  );
}

function watch(find: () => Promise<readonly string[]>): Watch {
  const seen = new Set<string>();
  let watching = true;
  const ended = (async () => {
    while (watching) {
      for (const found of await find()) seen.add(found);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    async stop() {
      watching = false;
      await ended;
      return [...seen];
    },
  };
}

/** Sends a signal to each process whose command line contains a text. */
export async function signalProcesses(text: string, signal: NodeJS.Signals): Promise<void> {
  for (const { pid, commandLine } of await listProcesses()) {
    if (!commandLine.includes(text)) continue;
    try {
      process.kill(pid, signal);
    } catch {
      // The process has ended already, because its parent has ended.
    }
  }
}
