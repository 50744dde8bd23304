import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import httpSignature from 'http-signature';
import { afterAll, describe, expect, test } from 'vitest';
import { httpDate } from '../../src/signing/http-date.ts';
import { sign } from '../../src/signing/sign.ts';
import { signingString } from '../../src/signing/signing-string.ts';
import { vectors } from './vectors.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const systemId = '0123456789abcdef01234567';
const directory = mkdtempSync(join(tmpdir(), 'signing-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe.each(vectors)('sign() of $name', ({ method, path, time, date, text }) => {
  const signature = sign({ systemId, privateKey }, method, path, time);

  test('sign and signingString return the expected date, text and Authorization header', () => {
    expect(httpDate(time)).toBe(date);
    expect(signingString(method, path, date)).toBe(text);
    expect(signature.date).toBe(date);
    expect(signature.authorization).toBe(
      `Signature keyId="system/${systemId}",headers="request-line date",algorithm="rsa-sha256",signature="${signature.signature}"`,
    );
  });

  test('sign returns a signature that another HTTP signature library accepts', () => {
    const request = {
      method,
      url: path,
      httpVersion: '1.1',
      headers: { date, authorization: signature.authorization },
    };
    const parsed = httpSignature.parseRequest(request, {
      clockSkew: Number.MAX_SAFE_INTEGER / 1000,
      headers: ['request-line', 'date'],
    });
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    expect(parsed.keyId).toBe(`system/${systemId}`);
    expect(httpSignature.verifySignature(parsed, String(pem))).toBe(true);
    const other = { ...parsed, signingString: `${parsed.signingString} ` };
    expect(httpSignature.verifySignature(other, String(pem))).toBe(false);
  });

  test('sign returns the same signature as the openssl command', async () => {
    const keyPath = join(directory, 'key.pem');
    writeFileSync(keyPath, privateKey.export({ type: 'pkcs1', format: 'pem' }));
    const { stdout } = await execa('openssl', ['dgst', '-sha256', '-sign', keyPath], {
      input: text,
      encoding: 'buffer',
    });
    expect(signature.signature).toBe(Buffer.from(stdout).toString('base64'));
  });
});

test('httpDate is English and GMT in any locale and time zone', async () => {
  const code = `console.log(new Date(${Date.UTC(2026, 4, 3)}).toUTCString())`;
  const { stdout } = await execa(process.execPath, ['-e', code], {
    env: { LC_ALL: 'de_DE.UTF-8', LANG: 'ja_JP', TZ: 'Asia/Tokyo' },
  });
  expect(stdout).toBe(httpDate(Date.UTC(2026, 4, 3)));
});
