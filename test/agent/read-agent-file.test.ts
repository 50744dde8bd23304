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
const at = (name: string) => join(directory, name);

test('gives text and permissions, through a link too', () => {
  writeFileSync(at('file'), 'Größe\n');
  chmodSync(at('file'), 0o640);
  symlinkSync('file', at('link'));
  expect(readAgentFile(at('file'))).toEqual({ text: 'Größe\n', mode: 0o640 });
  expect(readAgentFile(at('link'))).toEqual({ text: 'Größe\n', mode: 0o640 });
});

test('reads as much as a real file could have', () => {
  writeFileSync(at('large'), 'x'.repeat(1024 * 1024));
  expect(readAgentFile(at('large'))?.text).toHaveLength(1024 * 1024);
});

test('gives nothing for what is not there', () => {
  writeFileSync(at('parent'), '');
  expect(readAgentFile(at('nothing'))).toBeUndefined();
  expect(readAgentFile(at('parent/child'))).toBeUndefined();
});

describe('what cannot be read is told at once', () => {
  const rows: [name: string, make: (path: string) => void, message: RegExp][] = [
    ['a FIFO', (path) => execFileSync('mkfifo', [path]), /is not a regular file/],
    ['a folder', (path) => mkdirSync(path), /is not a regular file/],
    ['a device', (path) => symlinkSync('/dev/zero', path), /is not a regular file/],
    ['a loop of links', (path) => symlinkSync(path, path), /is a link that leads back to itself/],
    ['a dangling link', (path) => symlinkSync('nowhere', path), /is a link that leads nowhere/],
    [
      'a file of procfs, which has no size and more than 1 MiB',
      (path) => symlinkSync('/proc/kallsyms', path),
      /has more than 1 MiB; the agent's own is never that large/,
    ],
    [
      'a sparse file of 100 MB',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 100_000_000);
      },
      /has 100000000 bytes; the agent's own is never that large/,
    ],
  ];
  test.each(rows)('%s', (name, make, message) => {
    make(at(name));
    expect(() => readAgentFile(at(name))).toThrow(AgentFileError);
    expect(() => readAgentFile(at(name))).toThrow(message);
  });

  test('a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at('socket'), resolve));
    expect(() => readAgentFile(at('socket'))).toThrow(AgentFileError);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a file of ours', () => {
  test('is read as an object', () => {
    writeFileSync(at('own'), '{"a":1}');
    expect(readStateFile(at('own'))).toEqual({ a: 1 });
  });

  test.each([
    ['is missing', () => {}],
    ['is empty', (path: string) => writeFileSync(path, '')],
    ['is cut short', (path: string) => writeFileSync(path, '{"a":')],
    ['is null', (path: string) => writeFileSync(path, 'null')],
    ['is a link to one', (path: string) => symlinkSync(at('own'), path)],
    ['is a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
    ['is a directory', (path: string) => mkdirSync(path)],
    ['is too large', (path: string) => writeFileSync(path, `{"a":1}${' '.repeat(1024 * 1024)}`)],
  ])('counts as absent when it %s', (what, make) => {
    make(at(what));
    expect(readStateFile(at(what))).toEqual({});
  });
});
