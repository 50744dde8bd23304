import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { describeValue } from '../../src/options/describe-value.ts';
import {
  keyForMessage,
  nameForMessage,
  pathForMessage,
} from '../../src/options/text-for-messages.ts';

const KEYS = [
  'jca_5f1a3b0c9d2e4f6a7b8c9d100123456789abcdef',
  '0123456789abcdef0123456789abcdef01234567',
  'hG7kPq2LmZx9RtVw4YsBn6CdEf8JaQu1XoTi',
  'a'.repeat(40),
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x',
  'c2VjcmV0IGtleTEyMzQ1Njc4OTA/+w==',
  '5f1a3b0c-9d2e-4f6a-7b8c-9d10a1b2c3d4',
];
const directory = mkdtempSync(join(tmpdir(), 'quote-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('nameForMessage', () => {
  test.each(KEYS)(
    'nameForMessage masks the API key %s, both alone and between other words',
    (key) => {
      expect(nameForMessage(key)).toBe('********');
      expect(nameForMessage(`the key is ${key} now`)).toBe('********');
    },
  );

  test('nameForMessage masks random keys of 40 digits', () => {
    for (let i = 0; i < 1000; i++)
      expect(nameForMessage(randomBytes(20).toString('hex'))).toBe('********');
  });

  test.each([
    'display_name',
    'a name of seven words, which is long',
    'production-web-servers-in-frankfurt-1',
    'ip-10-0-0-7.eu-central-1.compute.internal',
    '5f1a3b0c9d2e4f6a7b8c9d10',
    '5f1a3b0c9d2e4f6a7b8c9d10a',
  ])('nameForMessage does not mask the name %s', (name) => {
    expect(nameForMessage(name)).toBe(name);
  });

  test('nameForMessage shortens a long text, and is fast for a very long one', () => {
    expect(nameForMessage('é'.repeat(100))).toBe(`${'é'.repeat(60)}…`);
    const start = performance.now();
    expect(nameForMessage('a1'.repeat(8_000_000))).toBe('********');
    expect(performance.now() - start).toBeLessThan(500);
  });
});

test.each([
  ['display_name', 'display_name'],
  ['api_key=geheim', 'api_key…'],
  ['https://jane:geheim@host', 'https…'],
  ['=geheim', '…'],
])('keyForMessage(%j) is %j', (text, quoted) => {
  expect(keyForMessage(text)).toBe(quoted);
});

test.each([
  ['mars', 'the text "mars"'],
  ['say "hi"', 'the text "say \\"hi\\""'],
  ['password: geheim', 'the text "password…"'],
  ['{"a":"geheim"}', 'text that holds a mapping'],
  [' ["geheim"', 'text that is not JSON'],
  ['{"a":1,"a":"geheim"}', 'text that contains the key "a" twice'],
  [{ a: 'geheim' }, 'a mapping'],
  [5, 'the number 5'],
])('describeValue(%j) starts with %j', (value, start) => {
  expect(describeValue(value).startsWith(start)).toBe(true);
  expect(describeValue(value)).not.toContain('geheim');
});

describe('pathForMessage', () => {
  test('pathForMessage returns the path of an existing file, and of a missing file in an existing directory', () => {
    writeFileSync(join(directory, 'x.json'), '');
    for (const path of [
      join(directory, 'x.json'),
      join(directory, 'y.json'),
      '/y.json',
      'package.json',
    ]) {
      expect(pathForMessage(path)).toBe(path);
    }
  });

  test.each([
    'geheim',
    '',
    'api_key=geheim',
    'https://jane:geheim@host/x',
    'a\0b',
    ...KEYS.map((key) => `/tmp/${key}`),
    `${'x'.repeat(100_000)}/geheim`,
  ])(
    'pathForMessage returns undefined for a text that is not a path, or that looks like a key (%#)',
    (path) => {
      expect(pathForMessage(path)).toBe(undefined);
    },
  );
});
