import { InvalidArguments, type Problem } from '../base/errors.ts';
import { nameForMessage } from '../options/text-for-messages.ts';
import { isUtf8CommandLine } from './is-utf8-command-line.ts';

/** The source of the options. */
export type InputSource =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'text'; readonly text: string }
  | { readonly from: 'stdin' };

/** A module's parsed command line. */
export interface CommandLine {
  readonly source: InputSource | undefined;
  readonly help: boolean;
  readonly version: boolean;
  readonly check: boolean;
  readonly diff: boolean;
  readonly detailedExitcode: boolean;
  readonly json: boolean;
  readonly validate: boolean;
}

const FLAGS = [
  '--check',
  '--diff',
  '--detailed-exitcode',
  '--json',
  '--validate',
  '--help',
  '--version',
];

/**
 * Parses the command line: at most one source of options, and flags before or after the source.
 * With --help or --version, ignores all errors.
 * @throws InvalidArguments
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const flags = args.filter(isFlag).map((flag) => (flag === '-h' ? '--help' : flag));
  const sources = args.filter((arg) => !isFlag(arg));
  const commandLine = {
    source: toInputSource(sources[0]),
    help: flags.includes('--help'),
    version: flags.includes('--version'),
    check: flags.includes('--check'),
    diff: flags.includes('--diff'),
    detailedExitcode: flags.includes('--detailed-exitcode'),
    json: flags.includes('--json'),
    validate: flags.includes('--validate'),
  };
  if (commandLine.help || commandLine.version) return commandLine;
  const problems = findProblems(args, flags, sources);
  if (problems.length > 0) throw new InvalidArguments(problems);
  return commandLine;
}

function isFlag(arg: string): boolean {
  return arg.startsWith('-') && arg !== '-';
}

function findProblems(
  args: readonly string[],
  flags: readonly string[],
  sources: readonly string[],
): Problem[] {
  const invalidFlags = new Set(flags.filter((flag) => !FLAGS.includes(flag)).map(quoteFlag));
  const unknownFlags = [...invalidFlags].filter((flag) => !FLAGS.includes(flag));
  const messages = [...invalidFlags]
    .filter((flag) => FLAGS.includes(flag))
    .map((flag) => `The flag ${flag} takes no value; give ${flag} alone, or leave it out.`);
  if (unknownFlags.length > 0) {
    messages.push(
      `Unknown flag${unknownFlags.length > 1 ? 's' : ''} ${unknownFlags.join(', ')}; known are ${FLAGS.join(', ')}.`,
    );
  }
  if (sources.length > 1) {
    messages.push(
      `Expected one argument (a file, JSON text, or - for standard input), got ${sources.length}. Quote JSON text so that it is one argument.`,
    );
  }
  if (!isUtf8CommandLine(args)) {
    messages.push('The command line is not UTF-8. Give the options as UTF-8.');
  }
  return messages.map((message) => ({ option: '', message }));
}

/**
 * Returns a flag for a message, without its value, because the value may be a secret. Cuts a long
 * flag at `=`, `:` or a blank, and a short flag after its letter.
 */
function quoteFlag(flag: string): string {
  return nameForMessage((flag.startsWith('--') ? /^[^=:\s]*/ : /^-./u).exec(flag)?.[0] ?? '');
}

function toInputSource(arg: string | undefined): InputSource | undefined {
  if (arg === undefined) return undefined;
  if (arg === '-' || arg === '/dev/stdin') return { from: 'stdin' };
  return /^\s*[[{]/.test(arg) ? { from: 'text', text: arg } : { from: 'file', path: arg };
}
