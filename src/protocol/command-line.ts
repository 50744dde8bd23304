import { InvalidArguments, type Problem } from '../base/errors.ts';
import { quoteName } from '../options/quote-name.ts';
import { isUtf8CommandLine } from './is-utf8-command-line.ts';

/** Where the options come from. */
export type InputSource =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'text'; readonly text: string }
  | { readonly from: 'stdin' };

/** How a module was called. */
export interface CommandLine {
  readonly source: InputSource | undefined;
  readonly help: boolean;
  readonly version: boolean;
  readonly check: boolean;
  readonly diff: boolean;
  readonly detailedExitcode: boolean;
  readonly json: boolean;
}

const FLAGS = ['--check', '--diff', '--detailed-exitcode', '--json', '--help', '--version'];

/**
 * Reads the words after the executable's name: at most one that says where the options are, and
 * flags before or after it. What is wrong beside a question for help does not matter.
 * @throws InvalidArguments
 */
export function readCommandLine(words: readonly string[]): CommandLine {
  const flags = words.filter(isFlag).map((flag) => (flag === '-h' ? '--help' : flag));
  const places = words.filter((word) => !isFlag(word));
  const commandLine = {
    source: sourceOf(places[0]),
    help: flags.includes('--help'),
    version: flags.includes('--version'),
    check: flags.includes('--check'),
    diff: flags.includes('--diff'),
    detailedExitcode: flags.includes('--detailed-exitcode'),
    json: flags.includes('--json'),
  };
  if (commandLine.help || commandLine.version) return commandLine;
  const problems = problemsWith(words, flags, places);
  if (problems.length > 0) throw new InvalidArguments(problems);
  return commandLine;
}

function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-';
}

function problemsWith(
  words: readonly string[],
  flags: readonly string[],
  places: readonly string[],
): Problem[] {
  const unknown = new Set(flags.filter((flag) => !FLAGS.includes(flag)).map(nameOf));
  const messages: string[] = [];
  if (unknown.size > 0) {
    messages.push(
      `Unknown flag${unknown.size > 1 ? 's' : ''} ${[...unknown].join(', ')}; known are ${FLAGS.join(', ')}.`,
    );
  }
  if (places.length > 1) {
    messages.push(
      `Expected one argument (a file, JSON text, or - for standard input), got ${places.length}. JSON text has to be quoted as one word.`,
    );
  }
  if (!isUtf8CommandLine(words)) {
    messages.push('The command line is not UTF-8. Give the options as UTF-8.');
  }
  return messages.map((message) => ({ option: '', message }));
}

/** Without its value, which may be a secret. */
function nameOf(flag: string): string {
  return quoteName((flag.startsWith('--') ? /^[^=:]*/ : /^-./u).exec(flag)?.[0] ?? '');
}

function sourceOf(word: string | undefined): InputSource | undefined {
  if (word === undefined) return undefined;
  if (word === '-' || word === '/dev/stdin') return { from: 'stdin' };
  return /^\s*[[{]/.test(word) ? { from: 'text', text: word } : { from: 'file', path: word };
}
