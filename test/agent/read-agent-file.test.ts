import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { AgentFileError, readAgentFile, readStateFile } from '../../src/agent/read-agent-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'read-file-'));
afterAll(() => rmSync(directory, { recursive: true }));
const pathOf = (name: string) => join(directory, name);

test('readAgentFile returns the text and permissions of a file, and follows a symbolic link', () => {
  writeFileSync(pathOf('file'), 'Größe\n');
  chmodSync(pathOf('file'), 0o640);
  symlinkSync('file', pathOf('link'));
  expect(readAgentFile(pathOf('file'))).toEqual({ text: 'Größe\n', mode: 0o640 });
  expect(readAgentFile(pathOf('link'))).toEqual({ text: 'Größe\n', mode: 0o640 });
});

test('readAgentFile reads a file of 1 MiB', () => {
  writeFileSync(pathOf('large'), 'x'.repeat(1024 * 1024));
  expect(readAgentFile(pathOf('large'))?.text).toHaveLength(1024 * 1024);
});

test('readAgentFile returns undefined for a missing file', () => {
  writeFileSync(pathOf('parent'), '');
  expect(readAgentFile(pathOf('nothing'))).toBeUndefined();
  expect(readAgentFile(pathOf('parent/child'))).toBeUndefined();
});

describe('a path that is not a readable file', () => {
  const rows: [name: string, make: (path: string) => void, message: RegExp][] = [
    ['a FIFO', (path) => execFileSync('mkfifo', [path]), /is not a regular file/],
    ['a directory', (path) => mkdirSync(path), /is not a regular file/],
    ['a device', (path) => symlinkSync('/dev/zero', path), /is not a regular file/],
    ['a loop of links', (path) => symlinkSync(path, path), /is part of a loop of symbolic links/],
    ['a dangling link', (path) => symlinkSync('nowhere', path), /is a dangling symbolic link/],
    [
      'a procfs file of size 0 with more than 1 MiB',
      (path) => symlinkSync('/proc/kallsyms', path),
      /has more than 1 MiB, but the agent's files are far smaller/,
    ],
    [
      'a sparse file of 100 MB',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 100_000_000);
      },
      /has 100000000 bytes, but the agent's files are far smaller/,
    ],
  ];
  test.each(rows)('readAgentFile rejects %s at once', (name, make, message) => {
    make(pathOf(name));
    expect(() => readAgentFile(pathOf(name))).toThrow(AgentFileError);
    expect(() => readAgentFile(pathOf(name))).toThrow(message);
  });

  test('readAgentFile rejects a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(pathOf('socket'), resolve));
    expect(() => readAgentFile(pathOf('socket'))).toThrow(AgentFileError);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('readStateFile', () => {
  test('readStateFile returns the JSON object in a file', () => {
    writeFileSync(pathOf('own'), '{"a":1}');
    expect(readStateFile(pathOf('own'))).toEqual({ a: 1 });
  });

  test.each([
    ['missing', () => {}],
    ['empty', (path: string) => writeFileSync(path, '')],
    ['cut short', (path: string) => writeFileSync(path, '{"a":')],
    ['null', (path: string) => writeFileSync(path, 'null')],
    ['a link to a valid one', (path: string) => symlinkSync(pathOf('own'), path)],
    ['a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
    ['a directory', (path: string) => mkdirSync(path)],
    ['too large', (path: string) => writeFileSync(path, `{"a":1}${' '.repeat(1024 * 1024)}`)],
  ])('readStateFile returns an empty object for a file that is %s', (name, make) => {
    const path = pathOf(`state ${name}`);
    make(path);
    expect(readStateFile(path)).toEqual({});
  });
});
