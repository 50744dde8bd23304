import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BodyBuffer, BodyQuota } from '../../../src/transport/http/body-buffer.ts';

const BLOCK = 64 * 1024;
const LARGEST = 8 * 1024 * 1024;

/** Appends all of some bytes in pieces of one size; whether all were taken. */
function fill(buffer: BodyBuffer, bytes: Buffer, size: number): boolean {
  for (let at = 0; at < bytes.length; at += size) {
    if (!buffer.append(bytes.subarray(at, at + size))) return false;
  }
  return true;
}

describe('a body', () => {
  test.each([
    [0, 1],
    [1, 1],
    [5000, 1],
    [BLOCK - 1, 7],
    [BLOCK, BLOCK],
    [BLOCK + 1, BLOCK + 1],
    [3 * BLOCK + 17, 1000],
    [3 * BLOCK, 10 * BLOCK],
  ])('of %i bytes in pieces of %i comes out as it went in', (length, size) => {
    const bytes = randomBytes(length);
    const buffer = new BodyBuffer(new BodyQuota());
    expect(fill(buffer, bytes, size)).toBe(true);
    expect(buffer.bytes().equals(bytes)).toBe(true);
  });

  test('is taken up to 8 MiB, and not a byte more', () => {
    const buffer = new BodyBuffer(new BodyQuota());
    expect(fill(buffer, Buffer.alloc(LARGEST), BLOCK - 1)).toBe(true);
    expect(buffer.append(Buffer.alloc(1))).toBe(false);
  });

  test('keeps nothing of the pieces: what comes may be overwritten', () => {
    const buffer = new BodyBuffer(new BodyQuota());
    const piece = Buffer.from('abc');
    buffer.append(piece);
    piece.fill('x');
    expect(buffer.bytes().toString()).toBe('abc');
  });
});

describe('bodies at the same time', () => {
  test('have 16 MiB together, and get back what others release', () => {
    const memory = new BodyQuota();
    const one = new BodyBuffer(memory);
    const two = new BodyBuffer(memory);
    const three = new BodyBuffer(memory);
    expect(fill(one, Buffer.alloc(LARGEST), BLOCK)).toBe(true);
    expect(fill(two, Buffer.alloc(LARGEST), BLOCK)).toBe(true);
    expect(three.append(Buffer.alloc(1))).toBe(false);
    one.release();
    expect(fill(three, Buffer.alloc(LARGEST), BLOCK)).toBe(true);
  });

  test('share by blocks: a byte takes as much as 64 KiB', () => {
    const memory = new BodyQuota();
    const before = memory.blocks;
    new BodyBuffer(memory).append(Buffer.alloc(1));
    new BodyBuffer(memory).append(Buffer.alloc(BLOCK));
    expect(before - memory.blocks).toBe(2);
  });

  test('are given back once, however often they are released', () => {
    const memory = new BodyQuota();
    const before = memory.blocks;
    const buffer = new BodyBuffer(memory);
    buffer.append(Buffer.alloc(2 * BLOCK + 1));
    buffer.release();
    buffer.release();
    expect(memory.blocks).toBe(before);
    expect(buffer.append(Buffer.alloc(1))).toBe(false);
    expect(memory.blocks).toBe(before);
  });
});
