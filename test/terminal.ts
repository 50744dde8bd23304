import { execa } from 'execa';

/**
 * Runs a shell command on a terminal of its own, 80 columns wide unless said otherwise, and gives
 * what it wrote there and how it ended. Its standard input is the terminal, too, with nobody
 * typing.
 */
export async function onTerminal(
  command: string,
  columns = 80,
): Promise<{ output: string; exitCode: number | undefined }> {
  const { stdout, exitCode } = await execa(
    'script',
    ['-qec', `stty cols ${columns}; ${command}`, '/dev/null'],
    // Its end would reach a terminal in raw mode, which ssh makes of it, as a character.
    { stdin: 'pipe', reject: false, stripFinalNewline: false, env: { SHELL: '/bin/sh' } },
  );
  return { output: stdout.replaceAll('\r\n', '\n'), exitCode };
}

/** A text as one word of a shell command. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What is left to see of a line that was rewritten in place, step by step. */
export function rewritten(output: string): string[] {
  return output.split('\r\x1b[K').filter((step) => step !== '');
}
