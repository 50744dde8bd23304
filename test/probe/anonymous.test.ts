import { expect } from 'vitest';
import { Anonymiser } from '../../scripts/probe/anonymiser.ts';
import { takeCredentials } from '../../scripts/probe/credentials.ts';
import { requireAnonymous, toReport } from '../../scripts/probe/report.ts';
import { toMarkdown } from '../../scripts/probe/report-markdown.ts';
import { addDynamicGroup } from '../emulator/sample-objects.ts';
import { test } from '../harness/emulator-fixture.ts';
import { probe } from './probe-emulator.ts';

/**
 * Adds fields with the word "marker" to every object in an answer, and that word to every message.
 */
function addMarkers(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(addMarkers);
  if (Object(body) !== body) return body;
  const entries = Object.entries(Object(body)).map(([key, value]) => [
    key,
    ['message', 'error'].includes(key)
      ? `${value} for marker-host in MARKER, 10.1.2.3`
      : addMarkers(value),
  ]);
  const marked = { organizationName: 'MARKER Inc', 'marker.key': 1, email2: 'a@marker.test' };
  return { ...Object.fromEntries(entries), ...marked };
}

test('the files that a probe run writes contain nothing that identifies the organisation', async ({
  emulator,
}) => {
  const { store } = emulator;
  const host = await emulator.enrol({
    record: {
      hostname: 'marker-host',
      displayName: 'Marker Host',
      description: 'the MARKER of a host',
      attributes: [{ name: 'marker', value: 'MARKER' }],
      remoteIP: '10.1.2.3',
      systemInsights: { state: 'enabled' },
    },
  });
  addDynamicGroup(store, [host.systemId]);
  const group = store.addNamed('system_group', 'MARKER group');
  store.join(host.systemId, group);
  store.associate(host.systemId, 'user', store.addNamed('user', 'marker.user'));
  emulator.faults.add({
    fault: {
      kind: 'mangle',
      change: addMarkers,
      headers: {
        server: 'marker',
        link: '<https://marker.test/?skip=1>; rel="next"',
        'x-ratelimit-limit': 'marker',
        'x-marker': '1',
      },
    },
    times: Infinity,
  });
  const account = store.serviceAccounts.add();
  const [secret = ''] = account.secrets;
  const environment = {
    JUMPCLOUD_CLIENT_ID: account.clientId,
    JUMPCLOUD_CLIENT_SECRET: secret,
  };
  const credentials = takeCredentials(environment, emulator.tokenUrl);
  const outcome = await probe(emulator, host, { deletesRecord: true, credentials });
  const secrets = [account.clientId, secret, ...store.serviceAccounts.tokens.keys()];

  expect(outcome.asked.filter(({ answer }) => answer === undefined)).toEqual([]);
  const report = toReport(outcome, outcome.anonymiser);
  for (const text of [JSON.stringify(report), toMarkdown(report)]) {
    const own = new URL(emulator.url).host;
    const found = new RegExp(
      `marker|[0-9a-f]{24}|10\\.1\\.2\\.3|${own}|@|jca_|Signature keyId|jsc-probe-[0-9a-f]`,
      'i',
    ).exec(text);
    expect(found?.[0]).toBeUndefined();
    expect(secrets.filter((one) => text.includes(one))).toEqual([]);
    // The report still contains the facts that a reader needs.
    expect(text).toContain('Already Exists for …');
    expect(text).toContain('{group 1}');
    expect(text).toContain('x-total-count');
  }
  expect(() => requireAnonymous(JSON.stringify(report), [])).not.toThrow();
});

test('Anonymiser gives an id the same label in requests and answers', () => {
  const anonymiser = new Anonymiser();
  const [one, other] = ['a'.repeat(24), 'b'.repeat(24)];
  anonymiser.name(other, 'group 1');
  expect(anonymiser.path(`/api/v2/systemgroups/${one}/members?x=${other}`)).toBe(
    '/api/v2/systemgroups/{id 1}/members?x={group 1}',
  );
  expect(anonymiser.shape([{ id: one }, { id: other, message: `no ${one}.` }])).toEqual([
    { id: '{id 1}' },
    { id: '{group 1}', message: 'no {id 1}' },
  ]);
});

test('Anonymiser leaves out unknown texts, numbers and fields', () => {
  const anonymiser = new Anonymiser();
  const answer = {
    message: 'The group "web" is dynamic: secret=hunter2 Ünïcode 日本 eve@x.org 123456789012 404',
    type: 'secret_type',
    totalCount: 123_456_789_012,
    secret: 'x',
  };
  expect(anonymiser.shape(answer)).toEqual({
    message: 'The group … is dynamic: … 404',
    type: '{text}',
    totalCount: '{number}',
    '{other fields}': 1,
  });
  const headers = { 'retry-after': 'Thu, 19 Nov 2026 08:00:00 GMT', server: 'web1', cookie: 'x' };
  expect(anonymiser.headers(headers)).toEqual({ 'retry-after': '{date}', server: '{other}' });
});

test.for([
  'id 0123456789abcdef01234567',
  'Signature keyId="system/1"',
  '-----BEGIN RSA PRIVATE KEY-----',
  'at 192.0.2.1',
  'user@example.com',
  'a given secret: hunter2-hunter2',
])('requireAnonymous rejects a report with the text "%s"', (text) => {
  expect(() => requireAnonymous(text, ['hunter2-hunter2'])).toThrow('not written');
});
