import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** Makes a signing key with an algorithm that every rpm can verify. Returns the key as text. */
export async function makeThrowAwayKey(passphrase = ''): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'key-'));
  const run = async (...words: string[]) => {
    const all = ['--batch', '--pinentry-mode', 'loopback', '--passphrase', passphrase, ...words];
    return (await execa('gpg', all, { env: { GNUPGHOME: home } })).stdout;
  };
  try {
    const name = 'Throw-away <throw-away@example.com>';
    await run('--quick-generate-key', name, 'rsa3072', 'sign', 'never');
    return `${await run('--armor', '--export-secret-keys')}\n`;
  } finally {
    await execa('gpgconf', ['--kill', 'all'], { env: { GNUPGHOME: home }, reject: false });
    await rm(home, { recursive: true });
  }
}
