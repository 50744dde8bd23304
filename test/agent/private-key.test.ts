import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isWorldReadable, readKeyFile } from '../../src/agent/key-file.ts';
import { loadPrivateKey } from '../../src/agent/private-key.ts';
import { BadIdentity, NotEnrolled } from '../../src/base/errors.ts';
import { type KeyFiles, makeKeyFiles } from '../emulator/keys.ts';
import { pkcs1WithZeroes, RSA_NUMBERS } from './pkcs1.ts';

const directory = mkdtempSync(join(tmpdir(), 'private-key-'));
const path = join(directory, 'client.key');
const certificate = join(directory, 'client.crt');
let keys: KeyFiles;
beforeAll(async () => {
  keys = await makeKeyFiles();
});
afterAll(() => rmSync(directory, { recursive: true }));

const write = (text: string, mode = 0o600) => {
  writeFileSync(path, text);
  chmodSync(path, mode);
};

/** Signs with the loaded key and verifies the signature with the public key. */
async function expectUsable(text: string): Promise<void> {
  write(text);
  const file = readKeyFile(path);
  const { key } = await loadPrivateKey(file, certificate);
  const signature = sign('sha256', Buffer.from('x'), key);
  const publicKey = createPublicKey(keys.publicKey);
  expect(verify('sha256', Buffer.from('x'), publicKey, signature)).toBe(true);
}

describe('a usable key', () => {
  test.each([
    ['PKCS#1 encoding', () => keys.pkcs1],
    ['PKCS#8 encoding', () => keys.pkcs8],
    ['Windows line ends', () => keys.pkcs1.replaceAll('\n', '\r\n')],
    ['text before and after', () => `Key of web-1\n${keys.pkcs8}\nend\n`],
    ['a comment that says UNENCRYPTED', () => `# UNENCRYPTED private key\n${keys.pkcs8}`],
    ['a comment that says ENCRYPTED', () => `not ENCRYPTED\n${keys.pkcs1}Proc-Type: 4,ENCRYPTED\n`],
    ['no newline at the end', () => keys.pkcs1.trimEnd()],
    ['a certificate after it', () => `${keys.pkcs1}${keys.certificate}`],
  ])('loadPrivateKey loads a key with %s', async (_, text) => {
    await expectUsable(text());
  });

  test.each([[[]], [['e']], [['d']], [['n']], [['e', 'd']], [RSA_NUMBERS]] as const)(
    'loadPrivateKey loads a PKCS#1 key whose numbers %j have extra leading zero bytes',
    async (padded) => {
      const text = pkcs1WithZeroes(createPrivateKey(keys.pkcs8), padded);
      expect(text === keys.pkcs1).toBe(padded.length === 0);
      await expectUsable(text);
    },
  );
});

describe('an unusable key', () => {
  const pem = (type: 'ec' | 'ed25519') =>
    String(
      (type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519')
      ).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
  const encrypted = (type: 'pkcs1' | 'pkcs8') =>
    String(
      createPrivateKey(keys.pkcs8).export({
        type,
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: 'x',
      }),
    );
  test.each([
    ['an EC key', () => pem('ec'), /is a key of type ec, not RSA/],
    ['an Ed25519 key', () => pem('ed25519'), /is a key of type ed25519, not RSA/],
    ['an encrypted PKCS#1 key', () => encrypted('pkcs1'), /is encrypted/],
    ['an encrypted PKCS#8 key', () => encrypted('pkcs8'), /is encrypted/],
    [
      'an encrypted PKCS#1 key with Windows line ends after a comment',
      () => `# key\r\n${encrypted('pkcs1').replaceAll('\n', '\r\n')}`,
      /is encrypted/,
    ],
    ['a public key', () => keys.publicKey, /does not hold a private key/],
    ['a certificate', () => keys.certificate, /does not hold a private key/],
    ['half a key', () => keys.pkcs1.slice(0, 500), /does not hold a private key/],
    ['an empty file', () => '', /does not hold a private key/],
  ])('loadPrivateKey rejects %s', async (_, text, message) => {
    write(text());
    const read = async () => loadPrivateKey(readKeyFile(path), certificate);
    await expect(read()).rejects.toThrow(BadIdentity);
    await expect(read()).rejects.toThrow(message);
  });

  test.each([
    ['an encrypted PKCS#1 key', () => encrypted('pkcs1')],
    ['an encrypted PKCS#8 key', () => encrypted('pkcs8')],
    ['a public key', () => keys.publicKey],
    ['a certificate', () => keys.certificate],
    ['an empty file', () => ''],
  ])('readKeyFile rejects %s without parsing the key', (_, text) => {
    write(text());
    expect(() => readKeyFile(path)).toThrow(BadIdentity);
  });

  test('readKeyFile throws NotEnrolled when the file is missing', () => {
    rmSync(path, { force: true });
    expect(() => readKeyFile(path)).toThrow(NotEnrolled);
  });
});

test.each([
  [0o600, false],
  [0o640, false],
  [0o644, true],
  [0o604, true],
])('isWorldReadable of a key file with permissions %o is %s', (mode, isReadable) => {
  write(keys.pkcs1, mode);
  expect(isWorldReadable(readKeyFile(path))).toBe(isReadable);
});

describe('matchesCertificate', () => {
  const matches = async (text: string | undefined) => {
    write(keys.pkcs1);
    if (text === undefined) rmSync(certificate, { force: true });
    else writeFileSync(certificate, text);
    return (await loadPrivateKey(readKeyFile(path), certificate)).matchesCertificate;
  };

  test('matchesCertificate is true for the certificate of the loaded key', async () => {
    expect(await matches(keys.certificate)).toBe(true);
  });
  test('matchesCertificate is false for the certificate of another key', async () => {
    expect(await matches((await makeKeyFiles()).certificate)).toBe(false);
  });
  test.each([
    ['missing', () => undefined],
    ['garbage', () => 'garbage'],
    ['empty', () => ''],
    ['a key', () => keys.pkcs1],
    ['cut short', () => keys.certificate.slice(0, 300)],
  ])('a certificate file that is %s leaves matchesCertificate undefined', async (_, text) => {
    expect(await matches(text())).toBeUndefined();
  });
});
