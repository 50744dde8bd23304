import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AlreadyRemoved, readRegistration } from '../../src/agent/registration.ts';
import { readAgentVersion } from '../../src/agent/version.ts';
import { BadIdentity } from '../../src/base/errors.ts';
import { type EnrolledHost, enrol } from '../emulator/enrol.ts';
import { makeKeyFiles } from '../emulator/keys.ts';
import { Store } from '../emulator/store.ts';

let dir: string;
let host: EnrolledHost;
const OTHER_ID = 'fedcba987654321001234567';

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'identity-'));
  host = await enrol(new Store(), { agentDir: dir, agentServerHost: 'agent.eu.jumpcloud.com' });
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
const writeConfiguration = (fields: object) => {
  const conf = JSON.parse(readFileSync(join(dir, 'jcagent.conf'), 'utf8'));
  write('jcagent.conf', JSON.stringify({ ...conf, ...fields }));
};
const writeTombstone = (content: object) =>
  write('.removed-from-jumpcloud', JSON.stringify(content));

const readIdentity = () => readRegistration(dir).identity();

test("readRegistration returns the content of the agent's files", async () => {
  expect(readRegistration(dir)).toMatchObject({
    agentDir: dir,
    systemId: host.systemId,
    agentServerHost: 'agent.eu.jumpcloud.com',
    keyFile: { path: join(dir, 'client.key'), mode: 0o600 },
  });
  expect(await readIdentity()).toMatchObject({
    agentDir: dir,
    systemId: host.systemId,
    keyMatchesCertificate: true,
  });
});

test('readRegistration returns an upper-case systemKey in lower case', () => {
  writeConfiguration({ systemKey: OTHER_ID.toUpperCase() });
  expect(readRegistration(dir).systemId).toBe(OTHER_ID);
});

test.each([[undefined], [null], [''], [5], [{}]])(
  'agentServerHost %j counts as missing',
  (host) => {
    writeConfiguration({ agentServerHost: host });
    expect(readRegistration(dir).agentServerHost).toBeUndefined();
  },
);

test('identity() loads the key only once', async () => {
  const registration = readRegistration(dir);
  const first = await registration.identity();
  write('client.key', 'gone');
  write('client.crt', (await makeKeyFiles()).certificate);
  expect(await registration.identity()).toBe(first);
});

describe('client.crt', () => {
  test('a missing client.crt leaves keyMatchesCertificate undefined', async () => {
    rmSync(join(dir, 'client.crt'));
    expect((await readIdentity()).keyMatchesCertificate).toBeUndefined();
  });
  test('a broken client.crt leaves keyMatchesCertificate undefined', async () => {
    write('client.crt', 'garbage');
    expect((await readIdentity()).keyMatchesCertificate).toBeUndefined();
  });
  test('a directory named client.crt leaves keyMatchesCertificate undefined', async () => {
    rmSync(join(dir, 'client.crt'));
    mkdirSync(join(dir, 'client.crt'));
    expect((await readIdentity()).keyMatchesCertificate).toBeUndefined();
  });
  test('a client.crt that belongs to another key is rejected with BadIdentity', async () => {
    write('client.crt', (await makeKeyFiles()).certificate);
    await expect(readIdentity()).rejects.toThrow(BadIdentity);
  });
});

describe('tombstone', () => {
  const removed_at = '2026-11-19T08:00:00Z';

  test.each([
    ['lower', (key: string) => key],
    ['upper', (key: string) => key.toUpperCase()],
  ])(
    'a tombstone with this systemKey in %s case makes readRegistration throw AlreadyRemoved',
    (_, toCase) => {
      writeTombstone({ system_key: toCase(host.systemId), removed_at });
      expect(() => readRegistration(dir)).toThrow(AlreadyRemoved);
      expect(() => readRegistration(dir)).toThrow(`was removed from JumpCloud at ${removed_at}`);
    },
  );

  test('a tombstone is reported even if client.key is missing', () => {
    writeTombstone({ system_key: host.systemId, removed_at });
    rmSync(join(dir, 'client.key'));
    expect(() => readRegistration(dir)).toThrow(AlreadyRemoved);
  });

  test.each([
    ['with another systemKey', { system_key: OTHER_ID, removed_at }],
    ['without a systemKey', { removed_at }],
    ['without a time', { system_key: OTHER_ID }],
    ['that is a list', []],
  ])('a tombstone %s is ignored', (_, content) => {
    writeTombstone(content);
    expect(readRegistration(dir).systemId).toBe(host.systemId);
  });

  test('a tombstone that is not JSON is ignored', () => {
    write('.removed-from-jumpcloud', '{');
    expect(readRegistration(dir).systemId).toBe(host.systemId);
  });
});

test.each([
  ['1.147.0\n', '1.147.0'],
  ['2.0.0-rc1+build~5', '2.0.0-rc1+build~5'],
  ['', undefined],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIE', undefined],
  ['1'.repeat(65), undefined],
])('with the version.txt %j, readAgentVersion returns %j', (text, version) => {
  write('version.txt', text);
  expect(readAgentVersion(dir)).toBe(version);
});
