import { InvalidArguments } from '../errors.ts';
import { shorten } from '../options/describe.ts';

/** Where the options come from. */
export type Source =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'text'; readonly text: string }
  | { readonly from: 'stdin' };

/** How a module was called. */
export interface CommandLine {
  readonly source: Source | undefined;
  readonly help: boolean;
  readonly version: boolean;
  readonly check: boolean;
  readonly diff: boolean;
  readonly detailedExitcode: boolean;
}

const FLAGS = ['--help', '--version', '--check', '--diff', '--detailed-exitcode'];

/**
 * Reads the words after the executable's name: at most one that says where the options are, and
 * flags before or after it.
 * @throws InvalidArguments
 */
export function readCommandLine(words: readonly string[]): CommandLine {
  const flags = words.filter((word) => word.startsWith('--'));
  const unknown = flags.filter((flag) => !FLAGS.includes(flag));
  const places = words.filter((word) => !word.startsWith('--'));
  const problems = unknown.map((flag) => ({
    option: '',
    message: `Unknown flag ${shorten(flag)}; known are ${FLAGS.join(', ')}.`,
  }));
  if (places.length > 1) {
    problems.push({
      option: '',
      message: `Expected one argument (a file, JSON text, or - for standard input), got ${places.length}. JSON text has to be quoted as one word.`,
    });
  }
  if (problems.length > 0) throw new InvalidArguments(problems);
  return {
    source: sourceOf(places[0]),
    help: flags.includes('--help'),
    version: flags.includes('--version'),
    check: flags.includes('--check'),
    diff: flags.includes('--diff'),
    detailedExitcode: flags.includes('--detailed-exitcode'),
  };
}

function sourceOf(word: string | undefined): Source | undefined {
  if (word === undefined) return undefined;
  if (word === '-') return { from: 'stdin' };
  return word.trimStart().startsWith('{')
    ? { from: 'text', text: word }
    : { from: 'file', path: word };
}
