/** In bytes. Most answers need one block. */
const BLOCK = 64 * 1024;
/** The largest body that is taken, in blocks: 8 MiB. */
const MAX_BLOCKS = 128;

/** Room for the bodies of all answers that come at the same time: 16 MiB. */
export class BodyQuota {
  blocks = 2 * MAX_BLOCKS;
}

/**
 * Gathers a body that comes in pieces of any size. Only the bytes are kept, in blocks that are never
 * copied: neither a body in pieces of one byte each nor many at the same time take more memory.
 */
export class BodyBuffer {
  readonly #quota: BodyQuota;
  readonly #blocks: Buffer[] = [];
  #length = 0;
  #isOpen = true;

  constructor(room: BodyQuota) {
    this.#quota = room;
  }

  /** Takes a piece; false when there is no room for it, or the buffer was released. */
  append(piece: Buffer): boolean {
    if (!this.#isOpen) return false;
    for (let copied = 0; copied < piece.length; ) {
      const used = this.#length % BLOCK;
      const block = used > 0 ? this.#blocks.at(-1) : this.#newBlock();
      if (block === undefined) return false;
      const count = piece.copy(block, used, copied);
      copied += count;
      this.#length += count;
    }
    return true;
  }

  /** All of it so far. */
  bytes(): Buffer {
    return Buffer.concat(this.#blocks, this.#length);
  }

  /** Gives the room back; nothing more is taken. */
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
