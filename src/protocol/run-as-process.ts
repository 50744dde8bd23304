import { fstatSync, writeSync } from 'node:fs';
import { Interrupted } from '../base/interrupted.ts';
import type { Module } from '../module.ts';
import type { OptionTable } from '../options/option.ts';
import { callModule } from './call-module.ts';
import { createWaitDisplay } from './show-wait.ts';

/**
 * Runs a module as this process: answers the call and exits. Handles signals and uncaught
 * exceptions. `help` returns the text of `--help`.
 */
export function runAsProcess<T extends OptionTable>(
  module: Module<string, T>,
  help: () => string,
): void {
  const interruption = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () =>
      interruption.abort(
        new Interrupted([
          `Interrupted by ${name}. This result lists the changes made so far; a change that was in progress may have been made too.`,
          'Run again to finish.',
        ]),
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
    showWait: createWaitDisplay(),
  };
  // Never rejects.
  void callModule(module, process.argv.slice(2), io).then(printAndExit);
}

/** Opens standard input. Refuses a directory, which Node.js would read as empty input. */
function openStdin(): typeof process.stdin {
  if (fstatSync(0).isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
  return process.stdin;
}

/**
 * Prints the answer, and exits with its exit status. If the answer cannot be written, exits with 1.
 */
function printAndExit({ text, exitCode }: { text: string; exitCode: number }): void {
  const bytes = Buffer.from(text);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(1, bytes, written);
    process.exit(exitCode);
  } catch (error) {
    // EAGAIN means that a non-blocking pipe is full. Only in that case is the rest written through
    // `process.stdout`, because opening `process.stdout` is slow.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(1);
    process.stdout.on('error', () => process.exit(1));
    process.stdout.write(bytes.subarray(written), (failure) =>
      process.exit(failure ? 1 : exitCode),
    );
  }
}
