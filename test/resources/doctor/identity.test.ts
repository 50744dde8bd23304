import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { EnrolledHost } from '../../emulator/enrol.ts';
import { makeKeyFiles } from '../../emulator/keys.ts';
import { test } from '../../harness/emulator-fixture.ts';
import { checkNamesWith, checksOf, runDoctor } from './examination.ts';

const otherKeyFiles = await makeKeyFiles();
const REGISTER_ADVICE =
  /[Rr]egister the agent again.* The Admin Portal shows the registration command/;

type Damage = (host: EnrolledHost, file: (name: string) => string) => void;
const write =
  (name: string, text: string): Damage =>
  (_, file) =>
    writeFileSync(file(name), text);

const rows: [
  what: string,
  damage: Damage,
  check: 'registration' | 'key',
  code: string,
  detail: RegExp,
  advice: RegExp,
][] = [
  [
    'a missing jcagent.conf',
    (_, file) => rmSync(file('jcagent.conf')),
    'registration',
    'not_enrolled',
    /jcagent\.conf does not exist/,
    /^Install the agent\. .*registration_timeout/,
  ],
  [
    'a broken jcagent.conf',
    write('jcagent.conf', '{"systemKey":'),
    'registration',
    'bad_identity',
    /jcagent\.conf is not JSON\.$/,
    REGISTER_ADVICE,
  ],
  [
    'a jcagent.conf without systemKey',
    write('jcagent.conf', '{}'),
    'registration',
    'not_enrolled',
    /has no systemKey/,
    /set registration_timeout/,
  ],
  [
    'a systemKey that is no id',
    write('jcagent.conf', '{"systemKey":"web-1"}'),
    'registration',
    'bad_identity',
    /is not a system id/,
    REGISTER_ADVICE,
  ],
  [
    'a tombstone',
    ({ systemId }, file) =>
      writeFileSync(
        file('.removed-from-jumpcloud'),
        JSON.stringify({ system_key: systemId, removed_at: '2026-01-01T00:00:00Z' }),
      ),
    'registration',
    'not_enrolled',
    /was removed from JumpCloud at 2026-01-01T00:00:00Z, according to .*\.removed-from-jumpcloud/,
    REGISTER_ADVICE,
  ],
  [
    'a missing key',
    (_, file) => rmSync(file('client.key')),
    'key',
    'not_enrolled',
    /client\.key does not exist/,
    REGISTER_ADVICE,
  ],
  [
    'a key that is no PEM',
    write('client.key', 'x'),
    'key',
    'bad_identity',
    /does not hold a private key in PEM form/,
    REGISTER_ADVICE,
  ],
  [
    'an encrypted key',
    write(
      'client.key',
      String(
        generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
          cipher: 'aes-256-cbc',
          passphrase: 'x',
        }),
      ),
    ),
    'key',
    'bad_identity',
    /client\.key is encrypted/,
    REGISTER_ADVICE,
  ],
  [
    'a key that is not RSA',
    write(
      'client.key',
      String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })),
    ),
    'key',
    'bad_identity',
    /is a key of type ed25519, not RSA/,
    REGISTER_ADVICE,
  ],
  [
    'a key of another registration',
    write('client.key', otherKeyFiles.pkcs1),
    'key',
    'bad_identity',
    /does not belong to client\.crt/,
    REGISTER_ADVICE,
  ],
];

describe.concurrent('the identity of the agent', () => {
  test.for(rows)(
    '%s is reported, and all checks pass after a new registration',
    async ([, damage, check, code, detail, advice], { emulator }) => {
      const host = await emulator.enrol();
      const options = { agent_dir: host.agentDir, api_url: emulator.url };
      const before = emulator.requests.length;
      damage(host, (name) => join(host.agentDir, name));
      const answer = await runDoctor(options);
      expect(answer.error).toEqual({ code, ...(answer.error ?? {}) });
      expect(answer.error?.code).toBe(code);
      expect(checksOf(answer)[check]).toMatchObject({
        status: 'failed',
        detail: expect.stringMatching(detail),
        advice: expect.stringMatching(advice),
      });
      expect(checksOf(answer)).toMatchObject({
        connection: { status: 'ok' },
        authorization: { status: 'skipped', detail: `Not checked: it depends on ${check}.` },
      });
      const own = emulator.requests.slice(before).filter((one) => one.systemId === host.systemId);
      expect(own).toEqual([]);
      await emulator.enrol({ agentDir: host.agentDir });
      expect(checkNamesWith(await runDoctor(options), 'failed')).toEqual([]);
    },
  );

  test('a missing agent directory is reported, and the checks pass with the right agent_dir', async ({
    emulator,
  }) => {
    const { agentDir } = await emulator.enrol();
    const answer = await runDoctor({ agent_dir: `${agentDir}/none`, api_url: emulator.url });
    expect(answer.error?.code).toBe('not_enrolled');
    expect(checkNamesWith(answer, 'failed')).toEqual(['agent_directory']);
    expect(checksOf(answer)).toMatchObject({
      agent_directory: {
        advice: expect.stringMatching(/^Install the JumpCloud agent, or set agent_dir/),
      },
      registration: { status: 'skipped' },
      key: { status: 'skipped' },
      connection: { status: 'ok' },
    });
    const repaired = await runDoctor({ agent_dir: agentDir, api_url: emulator.url });
    expect(checkNamesWith(repaired, 'failed')).toEqual([]);
  });

  test.for([0o644, 0o640])(
    'a key with mode %o is a warning, and the command in the advice corrects the mode',
    async (mode, { emulator }) => {
      const { agentDir } = await emulator.enrol();
      const options = { agent_dir: agentDir, api_url: emulator.url };
      chmodSync(join(agentDir, 'client.key'), mode);
      const answer = await runDoctor(options);
      expect(answer.failed).toBeUndefined();
      const { key, authorization } = checksOf(answer);
      expect(key).toMatchObject({ status: 'warning' });
      expect(key.detail).toContain(`(mode ${mode.toString(8)})`);
      expect(authorization.status).toBe('ok');
      execFileSync('sh', ['-c', /^Run: (chmod 600 .*)$/.exec(key.advice)?.[1] ?? 'false']);
      expect(checksOf(await runDoctor(options)).key.status).toBe('ok');
    },
  );

  test('the check `key` passes without a comparison of the key with client.crt when that file is missing', async ({
    emulator,
  }) => {
    const { agentDir } = await emulator.enrol();
    rmSync(join(agentDir, 'client.crt'));
    const { key } = checksOf(await runDoctor({ agent_dir: agentDir, api_url: emulator.url }));
    expect(key).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('no usable client.crt'),
    });
  });

  test('an unknown agentServerHost is a warning unless the option `region` is set', async ({
    emulator,
  }) => {
    const { agentDir } = await emulator.enrol({ agentServerHost: 'agent.jumpcloud.example' });
    const options = { agent_dir: agentDir, proxy: 'http://127.0.0.1:1' };
    const { registration } = checksOf(await runDoctor(options));
    expect(registration).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('"agent.jumpcloud.example" in jcagent.conf'),
      advice: 'Set the option region to "us", "eu" or "in".',
    });
    const repaired = checksOf(await runDoctor({ ...options, region: 'eu' }));
    expect(repaired.registration.status).toBe('ok');
    expect(repaired.connection.detail).toContain('https://console.eu.jumpcloud.com');
  });

  test('jumpcloud_doctor waits for a registration before the checks', async ({ emulator }) => {
    const host = await emulator.enrol({ write: false });
    const options = { agent_dir: host.agentDir, api_url: emulator.url };
    const late = await runDoctor({ ...options, registration_timeout: 0.2 });
    expect(checksOf(late).registration).toMatchObject({
      status: 'failed',
      advice: expect.stringContaining('did not register within 0.2 s'),
    });
    const [answer] = await Promise.all([
      runDoctor({ ...options, registration_timeout: 20 }),
      host.writeFiles(),
    ]);
    expect(checkNamesWith(answer, 'failed')).toEqual([]);
  });

  test('no key material is printed', async ({ emulator }) => {
    const { agentDir } = await emulator.enrol();
    const key = readFileSync(join(agentDir, 'client.key'), 'utf8');
    writeFileSync(join(agentDir, 'jcagent.conf'), key);
    const text = JSON.stringify(await runDoctor({ agent_dir: agentDir, api_url: emulator.url }));
    for (const line of key.split('\n').filter((one) => one.length > 20))
      expect(text).not.toContain(line);
  });
});
