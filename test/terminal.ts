import { execa } from 'execa';

/**
 * Runs a shell command on a new terminal and returns its output and exit code. Nothing is typed on
 * the terminal.
 */
export async function runOnTerminal(
  command: string,
  columns = 80,
): Promise<{ output: string; exitCode: number | undefined }> {
  const { stdout, exitCode } = await execa(
    'script',
    ['-qec', `stty cols ${columns}; ${command}`, '/dev/null'],
    // The input stays open, because `script` types an end-of-file character when the input ends. In
    // raw mode, which ssh sets, the terminal passes this character on as input.
    { stdin: 'pipe', reject: false, stripFinalNewline: false, env: { SHELL: '/bin/sh' } },
  );
  return { output: stdout.replaceAll('\r\n', '\n'), exitCode };
}

/** Quotes a text as one word of a shell command. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Returns the successive contents of a line that was rewritten in place. */
export function rewrittenLines(output: string): string[] {
  return output.split('\r\x1b[K').filter((step) => step !== '');
}
