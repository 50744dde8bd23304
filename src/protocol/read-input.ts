import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { InvalidArguments } from '../base/errors.ts';
import { describeValue } from '../options/describe-value.ts';
import { JsonError, parseJson } from '../options/json.ts';
import { readToEnd, UserFileError } from '../options/read-regular-file.ts';
import { pathForMessage } from '../options/text-for-messages.ts';
import type { InputSource } from './command-line.ts';

/** The maximum size of the input, in MiB. */
const MAX_OPTIONS_MIB = 16;
const MAX_OPTIONS_BYTES = MAX_OPTIONS_MIB * 1024 * 1024;
const TOO_LARGE_MESSAGE = `The options are larger than ${MAX_OPTIONS_MIB} MiB. Check that the input is the right one.`;

/** The path of a pipe that a shell opens for `<(command)`. */
const DESCRIPTOR_PATH = /^\/dev\/fd\/\d+$/;

/** The context for reading input. */
export interface InputContext {
  readonly stdin: () => AsyncIterable<Buffer>;
  readonly signal: AbortSignal;
  /** True if empty standard input is an error. */
  readonly refusesEmpty: boolean;
}

/**
 * Reads the JSON object with the options. Empty standard input, as under systemd and cron, means no
 * options. With `refusesEmpty`, it is an error.
 * @throws InvalidArguments when the input cannot be read or is not a JSON object
 */
export async function readInput(
  source: InputSource,
  { stdin, signal, refusesEmpty }: InputContext,
): Promise<Map<string, unknown>> {
  const content = await waitUnlessInterrupted(readSource(source, stdin), signal);
  const text = content.replace(/^\ufeff/, '');
  if (source.from === 'stdin' && text.trim() === '') {
    if (!refusesEmpty) return new Map();
    throw invalidInputError(
      'Nothing was done, because standard input is empty. Perhaps a pipe broke. To call this module without options, send {}.',
    );
  }
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const advice = isYaml(text) ? 'YAML is not supported: convert it to JSON.' : EXPECTED_OBJECT;
    throw invalidInputError(`${describeSource(source)} ${error.message}. ${advice}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidInputError(
      `${describeSource(source)} holds ${describeValue(value)}. ${EXPECTED_OBJECT}`,
    );
  }
  return new Map(Object.entries(value));
}

const EXPECTED_OBJECT = 'A JSON object with the options is expected.';

/** Returns whether the first line, ignoring empty lines and comments, looks like a YAML mapping. */
function isYaml(text: string): boolean {
  const first = text.split('\n').find((line) => /^\s*[^#\s]/.test(line)) ?? '';
  return /^\s*(?:---|[\w"'-]+:(?:\s|$))/.test(first);
}

type FileSource = Extract<InputSource, { from: 'file' }>;

function describeSource(source: InputSource): string {
  if (source.from === 'file') return pathForMessage(source.path) ?? 'The file of options';
  return source.from === 'text' ? 'The argument' : 'Standard input';
}

async function readSource(
  source: InputSource,
  stdin: () => AsyncIterable<Buffer>,
): Promise<string> {
  switch (source.from) {
    case 'text':
      return source.text;
    case 'stdin':
      try {
        return await readStream(stdin());
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
        throw fileError(source, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
      }
  }
}

/**
 * Reads a regular file, or the pipe of `<(command)`. Reads the pipe as a stream, because a blocking
 * read would keep the process from ending.
 */
async function readFileOrPipe(source: FileSource): Promise<string> {
  const fd = openSync(source.path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stat = fstatSync(fd);
  if (stat.isFIFO() && DESCRIPTOR_PATH.test(source.path)) {
    return readStream(new Socket({ fd, readable: true, writable: false }));
  }
  try {
    if (!stat.isFile()) throw fileError(source, 'is not a regular file');
    return decodeUtf8(readToEnd(fd, MAX_OPTIONS_MIB));
  } catch (error) {
    throw error instanceof UserFileError ? invalidInputError(TOO_LARGE_MESSAGE) : error;
  } finally {
    closeSync(fd);
  }
}

async function readStream(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MAX_OPTIONS_BYTES) throw invalidInputError(TOO_LARGE_MESSAGE);
    chunks.push(chunk);
  }
  return decodeUtf8(Buffer.concat(chunks));
}

/** Decodes UTF-8. Rejects invalid bytes, which would reach JumpCloud as wrong characters. */
function decodeUtf8(bytes: Buffer): string {
  if (!isUtf8(bytes))
    throw invalidInputError('The options are not UTF-8. Save or send them as UTF-8.');
  return bytes.toString('utf8');
}

/** Waits for the work or an interruption, because standard input or a pipe may never end. */
async function waitUnlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, interrupted]);
}

function fileError(source: FileSource, why: string): InvalidArguments {
  return invalidInputError(
    `${describeSource(source)} ${why}. Give a JSON file, JSON text starting with {, or - for standard input.`,
  );
}

function invalidInputError(message: string): InvalidArguments {
  return new InvalidArguments([{ option: '', message }]);
}
