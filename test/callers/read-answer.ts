import type { Answer } from '../harness/executable.ts';

/**
 * Parses stdout as the result of a module: one JSON object and a newline. The object must be
 * indented if stdout is a terminal, and on one line otherwise.
 * @throws Error that quotes stdout if it has any other form
 */
export function readAnswer(stdout: string, { isTerminal = false } = {}): Answer {
  const parsed = parse(stdout);
  const form = JSON.stringify(parsed, undefined, isTerminal ? 2 : undefined);
  if (stdout !== `${form}\n`) throw unexpectedOutput(stdout);
  return parsed;
}

function parse(stdout: string): Answer {
  try {
    return JSON.parse(stdout);
  } catch {
    throw unexpectedOutput(stdout);
  }
}

function unexpectedOutput(stdout: string): Error {
  return new Error(`stdout is not one JSON object and a newline: ${JSON.stringify(stdout)}`);
}
