import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { InvalidArguments } from '../errors.ts';
import { describe, shorten } from '../options/describe.ts';
import { JsonError, parseJson } from '../options/json.ts';
import { readAtMost, UnreadableFile } from '../options/read-regular-file.ts';
import type { Source } from './command-line.ts';

/** Far above any call. */
const MOST_MIB = 16;
const LARGEST = MOST_MIB * 1024 * 1024;
/** The most of a path that is quoted, in characters: JSON text that was not recognised is longer. */
const LONGEST_PATH = 200;
const TOO_LARGE = `The options are larger than ${MOST_MIB} MiB. Was another file meant?`;

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
  source: Source,
  { stdin, signal, refusesEmpty }: Input,
): Promise<Map<string, unknown>> {
  const text = await unlessInterrupted(textOf(source, stdin), signal);
  const name = source.from === 'file' ? shorten(source.path, LONGEST_PATH) : NAMES[source.from];
  if (source.from === 'stdin' && text.trim() === '') {
    if (!refusesEmpty) return new Map();
    throw invalid(
      'Standard input is empty, which may be a pipe that broke, and nothing was done. Say {} to call this module without options.',
    );
  }
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw invalid(`${name} ${error.message}; a JSON object with the options is expected.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${name} holds ${describe(value)}; a JSON object with the options is expected.`);
  }
  return new Map(Object.entries(value));
}

const NAMES = { text: 'The argument', stdin: 'Standard input' };

async function textOf(source: Source, stdin: () => AsyncIterable<Buffer>): Promise<string> {
  switch (source.from) {
    case 'text':
      return source.text;
    case 'stdin':
      try {
        return await textFrom(stdin());
      } catch (error) {
        if (error instanceof InvalidArguments) throw error;
        const { code, message } = error as NodeJS.ErrnoException;
        throw invalid(
          `Standard input cannot be read (${code ?? message}). Give a file, JSON text starting with {, or a pipe.`,
        );
      }
    case 'file':
      try {
        return await readFileOrPipe(source.path);
      } catch (error) {
        if (error instanceof InvalidArguments) throw error;
        const code = (error as NodeJS.ErrnoException).code;
        throw invalid(
          `The file of options ${shorten(source.path, LONGEST_PATH)} cannot be read (${code}). Give a JSON file, JSON text starting with {, or - for standard input.`,
        );
      }
  }
}

/** A pipe is not read as a file is: a read that waits would keep the process from ending. */
async function readFileOrPipe(path: string): Promise<string> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stat = fstatSync(fd);
  if (stat.isFIFO()) return textFrom(new Socket({ fd, readable: true, writable: false }));
  try {
    // Read from a device it might never end.
    return stat.isCharacterDevice() ? '' : decode(readAtMost(fd, MOST_MIB));
  } catch (error) {
    throw error instanceof UnreadableFile ? invalid(TOO_LARGE) : error;
  } finally {
    closeSync(fd);
  }
}

async function textFrom(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > LARGEST) throw invalid(TOO_LARGE);
    chunks.push(chunk);
  }
  return decode(Buffer.concat(chunks));
}

/** What is not UTF-8 would be read as other characters, and written to JumpCloud so. */
function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw invalid('The options are not UTF-8. Save or send them as UTF-8.');
  return bytes.toString('utf8');
}

/** Standard input, and a file that is a pipe, may never end. */
async function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, interrupted]);
}

function invalid(message: string): InvalidArguments {
  return new InvalidArguments([{ option: '', message }]);
}
