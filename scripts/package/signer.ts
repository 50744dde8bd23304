import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** The signing key in a temporary key ring, which `close` removes. */
export class Signer {
  /** The fingerprint of the key, 40 hexadecimal digits. */
  readonly fingerprint: string;
  /** The public key as text. */
  readonly publicKey: string;
  readonly #home: string;
  /** The creation time of the key in seconds since 1970. */
  readonly #createdAt: number;

  private constructor(home: string, fingerprint: string, createdAt: number, publicKey: string) {
    this.#home = home;
    this.fingerprint = fingerprint;
    this.#createdAt = createdAt;
    this.publicKey = publicKey;
  }

  /**
   * Imports a secret key, as `gpg --armor --export-secret-keys` prints it.
   * @throws Error when the text is not exactly one secret key
   */
  static async open(secretKey: string, passphrase = ''): Promise<Signer> {
    const home = await mkdtemp(join(tmpdir(), 'signing-'));
    try {
      const passphraseFile = join(home, 'passphrase');
      await writeFile(passphraseFile, passphrase, { mode: 0o600 });
      const settings = ['batch', 'no-tty', 'armor', 'pinentry-mode loopback', 'digest-algo SHA512'];
      await writeFile(
        join(home, 'gpg.conf'),
        [...settings, `passphrase-file ${passphraseFile}`, ''].join('\n'),
      );
      await chmod(home, 0o700);
      const { failed } = await runGpg(home, ['--quiet', '--import'], secretKey);
      const { stdout } = await runGpg(home, ['--list-secret-keys', '--with-colons']);
      const lines = stdout.split('\n').map((line) => line.split(':'));
      const keys = lines.filter(([kind]) => kind === 'sec');
      const createdAt = Number(keys[0]?.[5]);
      const fingerprint = lines.find(([kind]) => kind === 'fpr')?.[9];
      if (failed || keys.length !== 1 || fingerprint === undefined) {
        throw new Error(
          'SIGNING_KEY must be exactly one secret key, as gpg --armor --export-secret-keys prints it.',
        );
      }
      const exported = await runGpg(home, ['--export', '--export-options', 'export-minimal']);
      return new Signer(home, fingerprint, createdAt, `${exported.stdout}\n`);
    } catch (error) {
      await removeKeyRing(home);
      throw error;
    }
  }

  /**
   * Writes the signature of a file to `<path>.asc`. Equal files, times and keys give equal bytes.
   */
  async sign(path: string, time: number): Promise<void> {
    await this.#run(['--detach-sign', '--output', `${path}.asc`, path], time);
  }

  /** Writes a clear-signed copy of a text file, for apt. */
  async clearSign(path: string, signed: string, time: number): Promise<void> {
    await this.#run(['--clear-sign', '--output', signed, path], time);
  }

  /** Signs an rpm in place. The signature has the build time of the rpm. */
  async signRpm(path: string): Promise<void> {
    const { stdout } = await execa('rpm', ['-qp', '--nosignature', '--qf', '%{BUILDTIME}', path]);
    const macros = {
      _gpg_name: this.fingerprint,
      _gpg_path: this.#home,
      // On Debian, rpmsign signs nothing and reports no error without this macro.
      __gpg: '/usr/bin/gpg',
      _gpg_sign_cmd_extra_args: this.#time(Number(stdout)).join(' '),
    };
    const defined = Object.entries(macros).flatMap(([name, value]) => ['-D', `${name} ${value}`]);
    // A temporary HOME hides the user's macros from rpmsign. They could choose another key.
    await execa('rpmsign', ['--addsign', ...defined, path], {
      env: { HOME: this.#home, GNUPGHOME: this.#home },
    });
  }

  /** Removes the key from this machine's disk and ends gpg's agent. */
  close(): Promise<void> {
    return removeKeyRing(this.#home);
  }

  async #run(words: readonly string[], time: number): Promise<void> {
    const all = ['--yes', '--local-user', this.fingerprint, ...this.#time(time), ...words];
    const { failed, stderr } = await runGpg(this.#home, all);
    if (failed) throw new Error(`gpg could not sign with the key ${this.fingerprint}: ${stderr}`);
  }

  /**
   * Returns gpg's options that set the time of a signature. The time is never before the key's
   * creation, because such a signature would be invalid.
   */
  #time(time: number): string[] {
    return ['--faked-system-time', `${Math.max(time, this.#createdAt)}!`];
  }
}

function runGpg(home: string, words: readonly string[], input = '') {
  return execa('gpg', words, { env: { GNUPGHOME: home, LC_ALL: 'C' }, input, reject: false });
}

async function removeKeyRing(home: string): Promise<void> {
  await execa('gpgconf', ['--kill', 'all'], { env: { GNUPGHOME: home }, reject: false });
  await rm(home, { recursive: true, force: true });
}
