import { fstatSync, writeSync } from 'node:fs';
import { Interrupted } from '../base/errors.ts';
import type { Module } from '../module.ts';
import type { OptionTable } from '../options/option.ts';
import { callModule } from './call-module.ts';
import { showWaitOnStderr } from './show-wait.ts';

/**
 * Runs a module as a program: prints the answer to the call that the process is, and exits. Here is
 * the only place that catches everything. `help` gives what `--help` prints.
 */
export function runModule<T extends OptionTable>(
  module: Module<string, T>,
  help: () => string,
): void {
  const interruption = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () =>
      interruption.abort(
        new Interrupted(
          `Interrupted by ${name}. What had been changed until then stands in this result; what was just being changed may have been changed too. Run again to finish.`,
        ),
      ),
    );
  }
  const crash = new Promise<never>((_, reject) => process.on('uncaughtException', reject));
  const io = {
    help,
    stdin: openStdin,
    isTerminal: async (descriptor: 0 | 1) => (await import('node:tty')).isatty(descriptor),
    signal: interruption.signal,
    crash,
    showWait: showWaitOnStderr(),
  };
  // Never rejects.
  void callModule(module, process.argv.slice(2), io).then(print);
}

/** Node.js reads a directory as if it were empty. */
function openStdin(): typeof process.stdin {
  if (fstatSync(0).isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
  return process.stdin;
}

/**
 * Whatever is still under way (a connection, standard input) ends with the process. Nobody has
 * the answer when it cannot be written, so that is a failure.
 */
function print({ text, exitCode }: { text: string; exitCode: number }): void {
  const bytes = Buffer.from(text);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(1, bytes, written);
    process.exit(exitCode);
  } catch (error) {
    // The other side of a pipe that does not block has not read yet. Only then is the stream worth
    // the time that it takes to open.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(1);
    process.stdout.on('error', () => process.exit(1));
    process.stdout.write(bytes.subarray(written), (failure) =>
      process.exit(failure ? 1 : exitCode),
    );
  }
}
