/** The size of a block in bytes. Most answers need one block. */
const BLOCK_BYTES = 64 * 1024;
/** The maximum size of a body in blocks: 8 MiB. */
const MAX_BLOCKS = 128;

/** Limits the memory for the bodies of all parallel answers to 16 MiB. */
export class BodyQuota {
  freeBlocks = 2 * MAX_BLOCKS;
}

/**
 * Collects a body that arrives in chunks of any size. Copies the bytes into blocks and drops the
 * chunks, so that tiny chunks take no additional memory.
 */
export class BodyBuffer {
  readonly #quota: BodyQuota;
  readonly #blocks: Buffer[] = [];
  #length = 0;
  #isOpen = true;

  constructor(quota: BodyQuota) {
    this.#quota = quota;
  }

  /**
   * Appends a chunk. Returns false when the body is too large, the quota is used up, or the buffer
   * was released.
   */
  append(chunk: Buffer): boolean {
    if (!this.#isOpen) return false;
    for (let copied = 0; copied < chunk.length; ) {
      const used = this.#length % BLOCK_BYTES;
      const block = used > 0 ? this.#blocks.at(-1) : this.#newBlock();
      if (block === undefined) return false;
      const count = chunk.copy(block, used, copied);
      copied += count;
      this.#length += count;
    }
    return true;
  }

  /** Returns all bytes so far. */
  bytes(): Buffer {
    return Buffer.concat(this.#blocks, this.#length);
  }

  /** Gives the blocks back to the quota. Later calls of `append` return false. */
  release(): void {
    if (this.#isOpen) this.#quota.freeBlocks += this.#blocks.length;
    this.#isOpen = false;
  }

  #newBlock(): Buffer | undefined {
    if (this.#blocks.length === MAX_BLOCKS || this.#quota.freeBlocks === 0) return undefined;
    this.#quota.freeBlocks--;
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#blocks.push(block);
    return block;
  }
}
