import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import { spellingsOf } from '../../../src/base/secret-spellings.ts';
import type { Emulator } from '../../emulator/emulator.ts';
import type { Fault } from '../../emulator/faults.ts';
import type { ServiceAccount } from '../../emulator/service-accounts.ts';
import { executablePath } from '../../harness/executable.ts';
import { test } from '../../harness/fixture.ts';
import { callAdminModule, serviceAccountOptions } from './admin-call.ts';

const directory = mkdtempSync(join(tmpdir(), 'admin-secrets-'));
afterAll(() => rmSync(directory, { recursive: true }));
let emulator: Emulator;
let account: ServiceAccount;
test.beforeEach(({ emulator: shared }) => {
  emulator = shared;
  emulator.clearRequests();
  emulator.faults.clear();
  emulator.store.serviceAccounts.tokens.clear();
  account = emulator.store.serviceAccounts.add();
});

/** Returns the spellings in which a careless server may repeat a secret. */
function spellSecret(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const encodeBytes = (write: (code: string) => string) =>
    [...bytes].map((byte) => write(byte.toString(16).padStart(2, '0'))).join('');
  const mixed = [...secret]
    .map((character, i) => (i % 3 === 0 ? `%${character.charCodeAt(0).toString(16)}` : character))
    .join('');
  return [
    secret,
    secret.toUpperCase(),
    secret.toLowerCase(),
    [...secret].map((c, i) => (i % 2 ? c.toUpperCase() : c.toLowerCase())).join(''),
    encodeURIComponent(secret),
    encodeURIComponent(encodeURIComponent(secret)),
    encodeBytes((hex) => `%${hex}`),
    encodeBytes((hex) => `%25${hex}`),
    mixed,
    encodeBytes((hex) => `&#x${hex};`),
    encodeBytes((hex) => `&#${Number.parseInt(hex, 16)};`),
    encodeBytes((hex) => `\\u00${hex}`),
    encodeBytes((hex) => `\\x${hex}`),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ];
}

/**
 * Returns the Base64 spellings of a secret within a longer text, for each of the three alignments.
 * The first and last characters of a spelling depend on the neighbouring text.
 */
function spellSecretInBase64(secret: string): string[] {
  return ['', 'x', 'xy'].flatMap((before) =>
    (['base64', 'base64url'] as const).map((form) =>
      Buffer.from(`${before}${secret}!`).toString(form),
    ),
  );
}

/** Returns the secrets of a run, with the latest token if one was issued. */
function secretsOf({ clientId, secrets }: ServiceAccount): string[] {
  const [secret = ''] = secrets;
  const basic = Buffer.from(`${clientId}:${secret}`).toString('base64');
  const tokens = [...emulator.store.serviceAccounts.tokens.keys()];
  return [clientId, secret, basic, ...tokens.slice(-1)];
}

function expectNoSecret(text: string): void {
  for (const secret of secretsOf(account)) {
    for (const echo of spellSecret(secret)) expect(text).not.toContain(echo);
    for (const echo of spellSecretInBase64(secret)) expect(text).not.toContain(echo.slice(4, 24));
  }
}

describe('a server that repeats credentials', () => {
  const isTokenRequest = ({ url }: { url: string }) => url === '/oauth2/token';
  const isApiRequest = (request: { url: string }) => !isTokenRequest(request);
  const messageBody = (text: string) => JSON.stringify({ message: text });
  const oauthErrorBody = (text: string) =>
    JSON.stringify({ error: 'invalid_scope', error_description: text });
  type Case = [what: string, when: typeof isTokenRequest, fault: (text: string) => Fault];
  const cases: Case[] = [
    ...[400, 401, 403, 404, 418, 422].map(
      (status): Case => [
        `a ${status}`,
        isApiRequest,
        (text) => ({ kind: 'status', status, text: messageBody(text) }),
      ],
    ),
    ['a page', isApiRequest, (text) => ({ kind: 'body', text })],
    [
      'a redirect',
      isApiRequest,
      (text) => ({
        kind: 'redirect',
        location: `https://a.example/?${text.replace(/[^!-~]/g, '')}`,
      }),
    ],
    [
      'a media type',
      isApiRequest,
      (text) => ({ kind: 'body', text: '', headers: { 'content-type': text.slice(0, 60) } }),
    ],
    [
      'a name',
      isApiRequest,
      (name) => ({ kind: 'mangle', change: () => [{ id: '0123456789abcdef01234567', name }] }),
    ],
    [
      'a 400 for the token',
      isTokenRequest,
      (text) => ({ kind: 'status', status: 400, text: oauthErrorBody(text) }),
    ],
    [
      'a 401 for the token',
      isTokenRequest,
      (text) => ({ kind: 'status', status: 401, text: oauthErrorBody(text) }),
    ],
    [
      'a 422 for the token',
      isTokenRequest,
      (text) => ({ kind: 'status', status: 422, text: messageBody(text) }),
    ],
    ['a page for the token', isTokenRequest, (text) => ({ kind: 'body', text })],
    [
      'an odd type of token',
      isTokenRequest,
      (token_type) => ({ kind: 'mangle', change: (body) => ({ ...Object(body), token_type }) }),
    ],
  ];

  test.each(cases)(
    'a run prints no credential when the server repeats it in %s',
    async (_, when, fault) => {
      const options = {
        ...serviceAccountOptions(emulator, account),
        policies: 'all',
        _ansible_verbosity: 3,
      };
      // The texts are made when the fault happens, because no token exists before that.
      let texts: string[] = [];
      for (let round = 0; texts.length === 0 || round < texts.length; round++) {
        const lazy = {
          get fault() {
            texts = secretsOf(account).flatMap((secret) => [
              spellSecret(secret).join(' '),
              spellSecretInBase64(secret).join(' '),
            ]);
            return fault(texts[round] ?? '');
          },
        };
        emulator.faults.clear();
        emulator.faults.add({
          when,
          times: 2,
          get fault() {
            return lazy.fault;
          },
        });
        const answer = await callAdminModule('jumpcloud_names', options);
        expect(texts.length).toBeGreaterThan(0);
        expectNoSecret(answer.text);
      }
    },
  );
});

test('spellingsOf finds every spelling of a secret, even if the secret contains all permitted characters', () => {
  const all = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join('');
  const secret = all.replaceAll(/["\\]/g, '');
  const mask = (text: string) =>
    spellingsOf(secret).reduce<string>((masked, one) => masked.replaceAll(one, '█'), text);
  for (const echo of spellSecret(secret)) expect(mask(`a ${echo} b`)).toBe('a █ b');
  const html = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  expect(mask(html.replaceAll("'", '&apos;'))).toBe('█');
  expect(mask(`a${secret.slice(1)}`)).not.toContain('█');
});

test('for a long token, spellingsOf returns plain strings instead of a pattern', () => {
  const token = 'eyJhbGciOi.'.repeat(80);
  const spellings = spellingsOf(token);
  expect(spellings.every((one) => typeof one === 'string')).toBe(true);
  expect(spellings).toEqual(expect.arrayContaining([token, token.toUpperCase()]));
});

test.each(['options in a file', 'options on stdin', 'the environment'])(
  'a run with credentials in %s keeps them out of output, process lists and temporary files',
  async (source) => {
    const { client_id, client_secret, ...rest } = serviceAccountOptions(emulator, account);
    const isInEnvironment = source === 'the environment';
    const options = {
      ...rest,
      ...(isInEnvironment ? {} : { client_id, client_secret }),
      policies: 'all',
      _ansible_verbosity: 3,
    };
    const file = join(directory, 'options.json');
    const temporaryDirectory = mkdtempSync(join(directory, 'tmp-'));
    if (source === 'options in a file') writeFileSync(file, JSON.stringify(options));
    emulator.faults.add({ fault: { kind: 'slow', ms: 300 }, times: 2 });
    const child = spawn(
      executablePath('jumpcloud_names'),
      [source === 'options in a file' ? file : '-'],
      {
        env: {
          ...process.env,
          TMPDIR: temporaryDirectory,
          ...(isInEnvironment && {
            JUMPCLOUD_CLIENT_ID: String(client_id),
            JUMPCLOUD_CLIENT_SECRET: String(client_secret),
          }),
        },
      },
    );
    const commandLines = new Set<string>();
    const timer = setInterval(() => {
      const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
      for (const pid of children) {
        try {
          const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
          if (words.includes('jumpcloud_names')) commandLines.add(words);
        } catch {}
      }
      expect(readdirSync(temporaryDirectory)).toEqual([]);
    }, 25);
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        printed += data;
      });
    }
    child.stdin.end(JSON.stringify(options));
    await once(child, 'close').finally(() => clearInterval(timer));
    expect(JSON.parse(printed)).toMatchObject({ changed: false });
    expect(commandLines.size).toBeGreaterThan(0);
    for (const shown of [printed, ...commandLines]) expectNoSecret(shown);
  },
);
