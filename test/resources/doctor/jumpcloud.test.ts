import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Fault } from '../../emulator/faults.ts';
import { makeKeyFiles } from '../../emulator/keys.ts';
import { test } from '../../harness/emulator-fixture.ts';
import { checkNamesWith, checksOf, runDoctor } from './examination.ts';

test('for a healthy host, jumpcloud_doctor sends one GET for the record and one for each list, and writes nothing', async ({
  startWith,
}) => {
  const emulator = await startWith();
  const host = await emulator.enrol();
  for (let i = 0; i < 120; i++) emulator.store.join(host.systemId, emulator.store.addGroup());
  const answer = await runDoctor({ agent_dir: host.agentDir, api_url: emulator.url });
  expect(checkNamesWith(answer, 'failed')).toEqual([]);
  expect(answer).toMatchObject({ system_id: host.systemId });
  const associations = ['command', 'policy', 'policy_group', 'user_group', 'user'].map(
    (type) => `associations?targets=${type}&limit=100&skip=0`,
  );
  const lists = ['memberof?sort=id&limit=100&skip=0', 'users?limit=100&skip=0', ...associations];
  const expected = ['/api/systems/ID', ...lists.map((list) => `/api/v2/systems/ID/${list}`)];
  const sent = emulator.requests.map(({ method, url }) => `${method} ${url}`);
  expect(sent.map((one) => one.replace(host.systemId, 'ID')).sort()).toEqual(
    expected.map((path) => `GET ${path}`).sort(),
  );
});

describe.concurrent('the clock', () => {
  const rows: [offset: number, status: string, detail: RegExp][] = [
    [25, 'ok', /agrees with JumpCloud's to within 30 s/],
    [-25, 'ok', /agrees/],
    [60, 'warning', /clock is (60|59) s behind JumpCloud's/],
    [-250, 'warning', /clock is (250|249|251) s ahead of JumpCloud's/],
    [400, 'failed', /clock is (400|399) s behind/],
    [-86_400, 'failed', /clock is 86\d\d\d s ahead of/],
  ];
  test.for(rows)(
    'a clock offset of %i s has the status %s',
    async ([offset, status, detail], { startWith }) => {
      const emulator = await startWith({ clock: () => Date.now() + offset * 1000 });
      const { agentDir } = await emulator.enrol();
      const answer = await runDoctor({ agent_dir: agentDir, api_url: emulator.url });
      const { clock, authorization } = checksOf(answer);
      expect(clock).toMatchObject({ status, detail: expect.stringMatching(detail) });
      if (status !== 'ok') expect(clock.advice).toContain('timedatectl set-ntp true');
      expect(answer.error?.code).toBe(status === 'failed' ? 'local_action_failed' : undefined);
      expect(authorization.status).toBe('ok');
      // After a 401 for the wrong time, the request is repeated once with the corrected time.
      expect(emulator.requests.length).toBe(status === 'failed' ? 9 : 8);
    },
  );

  test('the clock is not checked when no answer has a usable time', async ({ startWith }) => {
    const emulator = await startWith();
    const { agentDir } = await emulator.enrol();
    emulator.faults.add({ fault: { kind: 'date', date: () => null }, times: Infinity });
    const { clock } = checksOf(await runDoctor({ agent_dir: agentDir, api_url: emulator.url }));
    expect(clock).toMatchObject({
      status: 'skipped',
      detail: expect.stringContaining('usable time'),
    });
  });
});

const json = (status: number, message: string, retryAfter?: number): Fault => ({
  kind: 'status',
  status,
  text: JSON.stringify({ message }),
  ...(retryAfter !== undefined && { retryAfter }),
});

describe.concurrent('the authorization', () => {
  // The answers 429 and 503 ask for a wait that is longer than the timeout, so these runs end at
  // once.
  const rows: [what: string, fault: Fault, code: string, detail: RegExp, advice: RegExp][] = [
    [
      'a 401',
      json(401, 'Unauthorized'),
      'unauthorized',
      /JumpCloud does not accept this host \(401\)/,
      /\(1\) the record of system \w+ was deleted.*\(2\) this host was enrolled by MDM.*connect key/,
    ],
    [
      'a 404',
      json(404, 'Not found'),
      'not_found',
      /\(404\)/,
      /set the option region\. .* register the agent again/,
    ],
    ['a 403', json(403, 'blocked'), 'rejected', /403 Forbidden: "blocked"/, /Ask JumpCloud/],
    ['a 429', json(429, 'slow', 60), 'rate_limited', /limits the rate/, /raise timeout/],
    ['a 503', json(503, 'down', 60), 'unavailable', /503/, /status\.jumpcloud\.com/],
    [
      'a login page',
      { kind: 'body', text: '<html>', headers: { 'content-type': 'text/html' } },
      'unexpected_response',
      /not JSON but text\/html/,
      /^Check api_url, region and proxy/,
    ],
    [
      'a list',
      { kind: 'body', text: '[]' },
      'unexpected_response',
      /not what JumpCloud sends/,
      /^Check api_url/,
    ],
    [
      'a redirect',
      { kind: 'redirect', location: 'https://login.example/x' },
      'unexpected_response',
      /redirect \(30\d to login\.example\)/,
      /requires a login first/,
    ],
    [
      'no answer',
      { kind: 'silence' },
      'unavailable',
      /no complete answer within/,
      /^Check the network/,
    ],
  ];
  test.for(rows)(
    'the check `authorization` fails with %s, and passes again after the fault has ended',
    async ([, fault, code, detail, advice], { startWith }) => {
      const emulator = await startWith();
      const { agentDir } = await emulator.enrol();
      const options = {
        agent_dir: agentDir,
        api_url: emulator.url,
        request_timeout: 2,
        timeout: 3,
      };
      emulator.faults.add({ fault, times: Infinity });
      const answer = await runDoctor(options);
      expect(answer.error?.code).toBe(code);
      const { authorization, enrolment, access } = checksOf(answer);
      expect(authorization).toMatchObject({
        status: 'failed',
        detail: expect.stringMatching(detail),
        advice: expect.stringMatching(advice),
      });
      expect([enrolment.detail, access.detail]).toEqual(
        Array(2).fill('Not checked: it depends on authorization.'),
      );
      emulator.faults.clear();
      expect(
        checkNamesWith(await runDoctor({ ...options, timeout: 20, request_timeout: 10 }), 'failed'),
      ).toEqual([]);
    },
  );

  test('the advice for a key that JumpCloud does not know lists the causes that other checks do not rule out', async ({
    startWith,
  }) => {
    const emulator = await startWith();
    const host = await emulator.enrol();
    const other = await emulator.enrol({ keys: await makeKeyFiles() });
    const key = readFileSync(join(other.agentDir, 'client.key'));
    writeFileSync(join(host.agentDir, 'client.key'), key);
    rmSync(join(host.agentDir, 'client.crt'));
    const answer = await runDoctor({ agent_dir: host.agentDir, api_url: emulator.url });
    expect(answer.error?.code).toBe('unauthorized');
    const { authorization, clock } = checksOf(answer);
    expect(authorization.advice).toMatch(/client\.key does not belong to this registration/);
    expect(authorization.advice).toMatch(/set region \(us, eu or in\)/);
    expect(clock.status).toBe('ok');
  });

  test('a transient error is retried', async ({ startWith }) => {
    const emulator = await startWith();
    const { agentDir } = await emulator.enrol();
    emulator.faults.add({ fault: { kind: 'status', status: 502 } });
    const answer = await runDoctor({ agent_dir: agentDir, api_url: emulator.url });
    expect(checkNamesWith(answer, 'failed')).toEqual([]);
    expect(emulator.requests).toHaveLength(9);
  });
});

describe.concurrent('the enrolment', () => {
  test.for([
    ['mdm', /by MDM/],
    ['user', /through the User Portal/],
  ] as const)(
    'an enrolment of the type %s causes a warning, although JumpCloud accepts the host',
    async ([type, how], { emulator }) => {
      const record = { provisionMetadata: { provisioner: { type } } };
      const { agentDir } = await emulator.enrol({ record });
      const answer = await runDoctor({ agent_dir: agentDir, api_url: emulator.url });
      expect(answer.failed).toBeUndefined();
      expect(checksOf(answer).enrolment).toMatchObject({
        status: 'warning',
        detail: expect.stringMatching(how),
        advice: expect.stringContaining('re-enrol the host with a connect key'),
      });
    },
  );
});

describe.concurrent('the access', () => {
  test.for([
    ['/memberof', 'system groups', json(403, 'no'), 'rejected'],
    ['/users', 'users', json(401, 'Unauthorized'), 'unauthorized'],
    ['targets=policy&', 'policy associations', json(404, 'no'), 'not_found'],
    ['targets=user&', 'user associations', { kind: 'body', text: '{}' }, 'unexpected_response'],
  ] as const)('a refused list %s is named', async ([part, name, fault, code], { startWith }) => {
    const emulator = await startWith();
    const { agentDir } = await emulator.enrol();
    emulator.faults.add({ fault, when: ({ url }) => url.includes(part), times: Infinity });
    const answer = await runDoctor({ agent_dir: agentDir, api_url: emulator.url });
    expect(answer.error?.code).toBe(code);
    expect(checkNamesWith(answer, 'failed')).toEqual(['access']);
    expect(checksOf(answer).access.detail).toContain(`Could not read the ${name} of system`);
  });

  test('the check `access` names all lists that JumpCloud refused', async ({ startWith }) => {
    const emulator = await startWith();
    const { agentDir } = await emulator.enrol();
    emulator.faults.add({
      fault: json(403, 'no'),
      when: ({ url }) => /users|policy&/.test(url),
      times: 9,
    });
    const { access } = checksOf(await runDoctor({ agent_dir: agentDir, api_url: emulator.url }));
    expect(access.detail).toMatch(
      /Could not read the users .* Also failed: policy associations\.$/,
    );
  });
});
