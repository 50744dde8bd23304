import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BodyBuffer, BodyQuota } from '../../../src/transport/http/body-buffer.ts';

const BLOCK_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Appends bytes in chunks of one size. Returns whether all were accepted. */
function fill(buffer: BodyBuffer, bytes: Buffer, size: number): boolean {
  for (let at = 0; at < bytes.length; at += size) {
    if (!buffer.append(bytes.subarray(at, at + size))) return false;
  }
  return true;
}

describe('BodyBuffer', () => {
  test.each([
    [0, 1],
    [1, 1],
    [5000, 1],
    [BLOCK_BYTES - 1, 7],
    [BLOCK_BYTES, BLOCK_BYTES],
    [BLOCK_BYTES + 1, BLOCK_BYTES + 1],
    [3 * BLOCK_BYTES + 17, 1000],
    [3 * BLOCK_BYTES, 10 * BLOCK_BYTES],
  ])('BodyBuffer returns %i bytes, appended in chunks of %i, unchanged', (length, size) => {
    const bytes = randomBytes(length);
    const buffer = new BodyBuffer(new BodyQuota());
    expect(fill(buffer, bytes, size)).toBe(true);
    expect(buffer.bytes().equals(bytes)).toBe(true);
  });

  test('BodyBuffer accepts 8 MiB and not one byte more', () => {
    const buffer = new BodyBuffer(new BodyQuota());
    expect(fill(buffer, Buffer.alloc(MAX_BODY_BYTES), BLOCK_BYTES - 1)).toBe(true);
    expect(buffer.append(Buffer.alloc(1))).toBe(false);
  });

  test('BodyBuffer copies chunks, so that overwriting a chunk afterwards does not change the buffer', () => {
    const buffer = new BodyBuffer(new BodyQuota());
    const chunk = Buffer.from('abc');
    buffer.append(chunk);
    chunk.fill('x');
    expect(buffer.bytes().toString()).toBe('abc');
  });
});

describe('BodyQuota', () => {
  test('BodyQuota limits parallel bodies to 16 MiB in total, and reuses released memory', () => {
    const quota = new BodyQuota();
    const one = new BodyBuffer(quota);
    const two = new BodyBuffer(quota);
    const three = new BodyBuffer(quota);
    expect(fill(one, Buffer.alloc(MAX_BODY_BYTES), BLOCK_BYTES)).toBe(true);
    expect(fill(two, Buffer.alloc(MAX_BODY_BYTES), BLOCK_BYTES)).toBe(true);
    expect(three.append(Buffer.alloc(1))).toBe(false);
    one.release();
    expect(fill(three, Buffer.alloc(MAX_BODY_BYTES), BLOCK_BYTES)).toBe(true);
  });

  test('BodyQuota counts blocks: one byte takes 64 KiB', () => {
    const quota = new BodyQuota();
    const before = quota.freeBlocks;
    new BodyBuffer(quota).append(Buffer.alloc(1));
    new BodyBuffer(quota).append(Buffer.alloc(BLOCK_BYTES));
    expect(before - quota.freeBlocks).toBe(2);
  });

  test('a buffer that is released twice gives its blocks back only once', () => {
    const quota = new BodyQuota();
    const before = quota.freeBlocks;
    const buffer = new BodyBuffer(quota);
    buffer.append(Buffer.alloc(2 * BLOCK_BYTES + 1));
    buffer.release();
    buffer.release();
    expect(quota.freeBlocks).toBe(before);
    expect(buffer.append(Buffer.alloc(1))).toBe(false);
    expect(quota.freeBlocks).toBe(before);
  });
});
