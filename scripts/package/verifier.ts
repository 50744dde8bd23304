import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** Verifies signatures with one public key and nothing else that this machine trusts. */
export class Verifier {
  readonly #directory: string;
  readonly #ring: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#ring = join(directory, 'key.gpg');
  }

  /** Takes a public key as text. */
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
   * Verifies a detached signature, or a text with its signature around it.
   * @throws Error unless the key made it
   */
  async verify(signature: string, ...signed: string[]): Promise<void> {
    await execa('gpgv', ['--keyring', this.#ring, signature, ...signed]);
  }

  /**
   * Verifies the signature and the digests of an rpm.
   * @throws Error unless the key made it. rpmkeys itself accepts an rpm without a signature.
   */
  async verifyRpm(path: string): Promise<void> {
    const words = ['--dbpath', join(this.#directory, 'rpm'), '--checksig', '--verbose', path];
    const { stdout } = await execa('rpmkeys', words, { env: { LC_ALL: 'C' } });
    if (!/^ +Header V4 .* Signature, key ID \w+: OK$/m.test(stdout)) {
      throw new Error(`${path} is not signed.`);
    }
  }

  close(): Promise<void> {
    return rm(this.#directory, { recursive: true });
  }
}
