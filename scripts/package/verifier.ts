import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** Verifies signatures with one public key, and ignores the other keys that this machine trusts. */
export class Verifier {
  readonly #directory: string;
  readonly #ring: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#ring = join(directory, 'key.gpg');
  }

  /** Returns a verifier for a public key, which is passed as text. */
  static async open(publicKey: string): Promise<Verifier> {
    const directory = await mkdtemp(join(tmpdir(), 'verifying-'));
    const verifier = new Verifier(directory);
    const key = join(directory, 'key.asc');
    await writeFile(key, publicKey);
    await execa('gpg', ['--batch', '--dearmor', '--output', verifier.#ring, key], {
      env: { GNUPGHOME: directory },
    });
    await execa('rpmkeys', ['--dbpath', join(directory, 'rpm'), '--import', key]);
    return verifier;
  }

  /**
   * Verifies a detached signature, or a clear-signed text.
   * @throws Error if the signature is not from the key
   */
  async verify(signature: string, ...signed: string[]): Promise<void> {
    await execa('gpgv', ['--keyring', this.#ring, signature, ...signed]);
  }

  /**
   * Verifies the signature and the digests of an rpm.
   * @throws Error if the rpm is unsigned or the signature is not from the key
   */
  async verifyRpm(path: string): Promise<void> {
    const words = ['--dbpath', join(this.#directory, 'rpm'), '--checksig', '--verbose', path];
    const { stdout } = await execa('rpmkeys', words, { env: { LC_ALL: 'C' } });
    // rpmkeys accepts an rpm without a signature.
    if (!/^ +Header V4 .* Signature, key ID \w+: OK$/m.test(stdout)) {
      throw new Error(`${path} is not signed.`);
    }
  }

  close(): Promise<void> {
    return rm(this.#directory, { recursive: true });
  }
}
