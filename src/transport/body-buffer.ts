/** Where the first bytes of a body go; most answers need no more. */
const FIRST_SIZE = 16 * 1024;

/**
 * Gathers a body that comes in pieces of any size. Only the bytes are kept: a body in pieces of one
 * byte each takes no more memory than one that comes whole.
 */
export class BodyBuffer {
  readonly #largest: number;
  #bytes = Buffer.allocUnsafe(FIRST_SIZE);
  #length = 0;

  /** `largest` is the most that is taken, in bytes. */
  constructor(largest: number) {
    this.#largest = largest;
  }

  /** Takes a piece; false when the body would be too large with it. */
  append(piece: Buffer): boolean {
    const length = this.#length + piece.length;
    if (length > this.#largest) return false;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    piece.copy(this.#bytes, this.#length);
    this.#length = length;
    return true;
  }

  /** All of it so far. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
