import type { Answer } from '../harness/executable.ts';

/**
 * Returns the result that stdout consists of.
 * @throws Error with the text unless it is one JSON object and a newline: on one line, or indented where
 * stdout is a terminal
 */
export function readAnswer(stdout: string, { isTerminal = false } = {}): Answer {
  const parsed = parse(stdout);
  const form = JSON.stringify(parsed, undefined, isTerminal ? 2 : undefined);
  if (stdout !== `${form}\n`) throw unlike(stdout);
  return parsed;
}

function parse(stdout: string): Answer {
  try {
    return JSON.parse(stdout);
  } catch {
    throw unlike(stdout);
  }
}

function unlike(stdout: string): Error {
  return new Error(`stdout is not one JSON object and a newline: ${JSON.stringify(stdout)}`);
}
