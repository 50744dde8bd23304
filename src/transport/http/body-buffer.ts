/** The size of a block in bytes. Most answers need one block. */
const BLOCK = 64 * 1024;
/** The maximum size of a body in blocks: 8 MiB. */
const MAX_BLOCKS = 128;

/** The memory for the bodies of all parallel answers: 16 MiB. */
export class BodyQuota {
  blocks = 2 * MAX_BLOCKS;
}

/**
 * Collects a body that arrives in chunks of any size. The bytes are copied into blocks, and the
 * chunks are not kept, so chunks of one byte each or many parallel bodies take no additional
 * memory.
 */
export class BodyBuffer {
  readonly #quota: BodyQuota;
  readonly #blocks: Buffer[] = [];
  #length = 0;
  #isOpen = true;

  constructor(quota: BodyQuota) {
    this.#quota = quota;
  }

  /** Appends a chunk. Returns false when the quota is used up or the buffer was released. */
  append(chunk: Buffer): boolean {
    if (!this.#isOpen) return false;
    for (let copied = 0; copied < chunk.length; ) {
      const used = this.#length % BLOCK;
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

  /** Returns the blocks to the quota. Nothing can be appended after that. */
  release(): void {
    if (this.#isOpen) this.#quota.blocks += this.#blocks.length;
    this.#isOpen = false;
  }

  #newBlock(): Buffer | undefined {
    if (this.#blocks.length === MAX_BLOCKS || this.#quota.blocks === 0) return undefined;
    this.#quota.blocks--;
    const block = Buffer.allocUnsafeSlow(BLOCK);
    this.#blocks.push(block);
    return block;
  }
}
