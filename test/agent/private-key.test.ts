import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKeyFile } from '../../src/agent/key-file.ts';
import { loadPrivateKey } from '../../src/agent/private-key.ts';
import { BadIdentity, NotEnrolled } from '../../src/base/errors.ts';
import { type KeyFiles, makeKeyFiles } from '../emulator/keys.ts';
import { NUMBERS, pkcs1WithZeroes } from './pkcs1.ts';

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

/** Signs with the key as read, and has the public key check it. */
async function expectToServe(text: string): Promise<void> {
  write(text);
  const file = readKeyFile(path);
  const { key } = await loadPrivateKey(file, certificate);
  const signature = sign('sha256', Buffer.from('x'), key);
  const publicKey = createPublicKey(keys.publicKey);
  expect(verify('sha256', Buffer.from('x'), publicKey, signature)).toBe(true);
  expect(file.warnings).toEqual([]);
}

describe('serves', () => {
  test.each([
    ['PKCS#1', () => keys.pkcs1],
    ['PKCS#8', () => keys.pkcs8],
    ['Windows line ends', () => keys.pkcs1.replaceAll('\n', '\r\n')],
    ['text before and after', () => `Key of web-1\n${keys.pkcs8}\nend\n`],
    ['a comment that says UNENCRYPTED', () => `# UNENCRYPTED private key\n${keys.pkcs8}`],
    ['a comment that says ENCRYPTED', () => `not ENCRYPTED\n${keys.pkcs1}Proc-Type: 4,ENCRYPTED\n`],
    ['no newline at the end', () => keys.pkcs1.trimEnd()],
    ['a certificate after it', () => `${keys.pkcs1}${keys.certificate}`],
  ])('%s', async (_, text) => {
    await expectToServe(text());
  });

  test.each([[[]], [['e']], [['d']], [['n']], [['e', 'd']], [NUMBERS]] as const)(
    'PKCS#1 with zeroes before %j',
    async (padded) => {
      const text = pkcs1WithZeroes(createPrivateKey(keys.pkcs8), padded);
      expect(text === keys.pkcs1).toBe(padded.length === 0);
      await expectToServe(text);
    },
  );
});

describe('does not serve', () => {
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
    ['PKCS#1, encrypted', () => encrypted('pkcs1'), /is encrypted/],
    ['PKCS#8, encrypted', () => encrypted('pkcs8'), /is encrypted/],
    [
      'PKCS#1, encrypted, with Windows line ends after a comment',
      () => `# key\r\n${encrypted('pkcs1').replaceAll('\n', '\r\n')}`,
      /is encrypted/,
    ],
    ['a public key', () => keys.publicKey, /does not hold a private key/],
    ['a certificate', () => keys.certificate, /does not hold a private key/],
    ['half a key', () => keys.pkcs1.slice(0, 500), /does not hold a private key/],
    ['nothing', () => '', /does not hold a private key/],
  ])('%s', async (_, text, message) => {
    write(text());
    const read = async () => loadPrivateKey(readKeyFile(path), certificate);
    await expect(read()).rejects.toThrow(BadIdentity);
    await expect(read()).rejects.toThrow(message);
  });

  test.each([
    ['PKCS#1, encrypted', () => encrypted('pkcs1')],
    ['PKCS#8, encrypted', () => encrypted('pkcs8')],
    ['a public key', () => keys.publicKey],
    ['a certificate', () => keys.certificate],
    ['nothing', () => ''],
  ])('by its looks already: %s', (_, text) => {
    write(text());
    expect(() => readKeyFile(path)).toThrow(BadIdentity);
  });

  test('a key that is not there', () => {
    rmSync(path, { force: true });
    expect(() => readKeyFile(path)).toThrow(NotEnrolled);
  });
});

test.each([
  [0o600, false],
  [0o640, false],
  [0o644, true],
  [0o604, true],
])('permissions %o: warned about %s', (mode, warned) => {
  write(keys.pkcs1, mode);
  const warning = `${path} can be read by every user of this host; run: chmod 600 ${path}`;
  expect(readKeyFile(path).warnings).toEqual(warned ? [warning] : []);
});

describe('beside a certificate', () => {
  const matches = async (text: string | undefined) => {
    write(keys.pkcs1);
    if (text === undefined) rmSync(certificate, { force: true });
    else writeFileSync(certificate, text);
    return (await loadPrivateKey(readKeyFile(path), certificate)).matchesCertificate;
  };

  test('that belongs to it', async () => {
    expect(await matches(keys.certificate)).toBe(true);
  });
  test('of another key', async () => {
    expect(await matches((await makeKeyFiles()).certificate)).toBe(false);
  });
  test.each([
    ['that is missing', () => undefined],
    ['that is garbage', () => 'garbage'],
    ['that is empty', () => ''],
    ['that is a key', () => keys.pkcs1],
    ['that is cut short', () => keys.certificate.slice(0, 300)],
  ])('%s', async (_, text) => {
    expect(await matches(text())).toBeUndefined();
  });
});
