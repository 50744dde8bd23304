import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { readRegularFile, UserFileError } from '../../src/options/read-regular-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'read-regular-file-'));
// Retries, because a process that a test killed may still write to the directory.
afterAll(() => rmSync(directory, { recursive: true, maxRetries: 5 }));
const fifo = join(directory, 'fifo');
execaSync('mkfifo', [fifo]);

function writeTestFile(name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function makeLink(name: string, target: string): string {
  const path = join(directory, name);
  symlinkSync(target, path);
  return path;
}

const MIB = 1024 * 1024;

describe('readRegularFile', () => {
  test.each([0, 1, 65_535, 65_536, 65_537, MIB])(
    'readRegularFile returns a file of %i bytes',
    (size) => {
      const content = Buffer.alloc(size, 'abc');
      expect(readRegularFile(writeTestFile('sized', content), 1).equals(content)).toBe(true);
    },
  );

  test('readRegularFile refuses a file that is one byte too large', () => {
    const path = writeTestFile('large', Buffer.alloc(MIB + 1));
    expect(() => readRegularFile(path, 1)).toThrow(new UserFileError('is larger than 1 MiB'));
  });

  test('readRegularFile returns the whole content of a /proc file, whose reported size is zero', () => {
    const path = `/proc/${process.ppid}/environ`;
    const text = readRegularFile(path, 1);
    expect(text.length).toBeGreaterThan(0);
    expect(text.equals(readFileSync(path))).toBe(true);
  });

  test.each([
    ['is not a regular file', 'a directory', () => directory],
    ['is not a regular file', 'a FIFO', () => fifo],
    ['is not a regular file', 'a device', () => '/dev/zero'],
    ['is not a regular file', 'a link to a FIFO', () => makeLink('to-fifo', fifo)],
    ['cannot be read (ENOENT)', 'a missing file', () => join(directory, 'none')],
    ['cannot be read (ENOTDIR)', 'a path below a file', () => join(writeTestFile('flat', ''), 'x')],
    ['cannot be read (ELOOP)', 'a link to itself', () => makeLink('loop', 'loop')],
  ])('the error %j is thrown for %s', (message, _, makePath) => {
    const path = makePath();
    expect(() => readRegularFile(path, 1)).toThrow(new UserFileError(message));
  });

  test('readRegularFile does not wait for the next line of /proc/kmsg', () => {
    const path = makeLink('kmsg', '/proc/kmsg');
    expect(() => {
      // The first call may return kernel messages that are already available. The second call would
      // have to wait for one.
      readRegularFile(path, 16);
      readRegularFile(path, 16);
    }).toThrow(UserFileError);
  });

  test('readRegularFile does not wait for a FIFO that replaces the file', async () => {
    const good = writeTestFile('good', 'good');
    const changing = makeLink('changing', good);
    const swapping = spawn(
      'sh',
      [
        '-c',
        'while :; do for target; do ln -s "$target" new; mv -fT new changing; done; done',
        'sh',
        fifo,
        good,
      ],
      { cwd: directory, stdio: 'ignore' },
    );
    const answers = new Set<string>();
    const end = performance.now() + 3000;
    while (performance.now() < end) {
      try {
        answers.add(readRegularFile(changing, 1).toString());
      } catch (error) {
        answers.add((error as Error).message);
      }
    }
    const ended = once(swapping, 'exit');
    swapping.kill('SIGKILL');
    await ended;
    expect([...answers].sort()).toEqual(['good', 'is not a regular file']);
  });
});
