import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { InvalidArguments } from '../base/errors.ts';
import { describeValue } from '../options/describe-value.ts';
import { JsonError, parseJson } from '../options/json.ts';
import { quotePath } from '../options/quote-name.ts';
import { readAtMost, UserFileError } from '../options/read-regular-file.ts';
import type { InputSource } from './command-line.ts';

/** Far above any call. */
const MAX_MIB = 16;
const MAX_BYTES = MAX_MIB * 1024 * 1024;
const TOO_LARGE = `The options are larger than ${MAX_MIB} MiB. Was another file meant?`;

/** A pipe that the caller has opened, as a shell does for `<(command)`. */
const DESCRIPTOR = /^\/dev\/fd\/\d+$/;

/** Where input comes from besides the source named. */
export interface Input {
  readonly stdin: () => AsyncIterable<Buffer>;
  readonly signal: AbortSignal;
  /** Whether empty standard input is an error. */
  readonly refusesEmpty: boolean;
}

/**
 * The JSON object a call gives, as written. Empty standard input, as systemd and cron give it,
 * counts as an object without options.
 * @throws InvalidArguments when there is none
 */
export async function readInput(
  source: InputSource,
  { stdin, signal, refusesEmpty }: Input,
): Promise<Map<string, unknown>> {
  const whole = await unlessInterrupted(textOf(source, stdin), signal);
  const text = whole.replace(/^\ufeff/, '');
  if (source.from === 'stdin' && text.trim() === '') {
    if (!refusesEmpty) return new Map();
    throw invalidInputError(
      'Standard input is empty, which may be a pipe that broke, and nothing was done. Say {} to call this module without options.',
    );
  }
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw invalidInputError(`${nameOf(source)} ${error.message}; ${EXPECTED}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidInputError(`${nameOf(source)} holds ${describeValue(value)}; ${EXPECTED}`);
  }
  return new Map(Object.entries(value));
}

const EXPECTED = 'a JSON object with the options is expected.';

type FileSource = Extract<InputSource, { from: 'file' }>;

function nameOf(source: InputSource): string {
  if (source.from === 'file') return quotePath(source.path) ?? 'The file of options';
  return source.from === 'text' ? 'The argument' : 'Standard input';
}

async function textOf(source: InputSource, stdin: () => AsyncIterable<Buffer>): Promise<string> {
  switch (source.from) {
    case 'text':
      return source.text;
    case 'stdin':
      try {
        return await textFrom(stdin());
      } catch (error) {
        if (error instanceof InvalidArguments) throw error;
        const { code, message } = error as NodeJS.ErrnoException;
        throw invalidInputError(
          `Standard input cannot be read (${code ?? message}). Give a file, JSON text starting with {, or a pipe.`,
        );
      }
    case 'file':
      try {
        return await readFileOrPipe(source);
      } catch (error) {
        if (error instanceof InvalidArguments) throw error;
        throw unreadableError(source, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
      }
  }
}

/** A pipe is not read as a file is: a read that waits would keep the process from ending. */
async function readFileOrPipe(source: FileSource): Promise<string> {
  const fd = openSync(source.path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stat = fstatSync(fd);
  if (stat.isFIFO() && DESCRIPTOR.test(source.path)) {
    return textFrom(new Socket({ fd, readable: true, writable: false }));
  }
  try {
    if (!stat.isFile()) throw unreadableError(source, 'is not a regular file');
    return decode(readAtMost(fd, MAX_MIB));
  } catch (error) {
    throw error instanceof UserFileError ? invalidInputError(TOO_LARGE) : error;
  } finally {
    closeSync(fd);
  }
}

async function textFrom(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MAX_BYTES) throw invalidInputError(TOO_LARGE);
    chunks.push(chunk);
  }
  return decode(Buffer.concat(chunks));
}

/** What is not UTF-8 would be read as other characters, and written to JumpCloud so. */
function decode(bytes: Buffer): string {
  if (!isUtf8(bytes))
    throw invalidInputError('The options are not UTF-8. Save or send them as UTF-8.');
  return bytes.toString('utf8');
}

/** Standard input, and a file that is a pipe, may never end. */
async function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, interrupted]);
}

function unreadableError(source: FileSource, why: string): InvalidArguments {
  return invalidInputError(
    `${nameOf(source)} ${why}. Give a JSON file, JSON text starting with {, or - for standard input.`,
  );
}

function invalidInputError(message: string): InvalidArguments {
  return new InvalidArguments([{ option: '', message }]);
}
