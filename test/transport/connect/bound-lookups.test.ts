import { expect, test } from 'vitest';
import { limitLookupTime } from '../../../src/transport/connect/dns.ts';

const CONSOLE = 'console.eu.jumpcloud.com';

test.each([
  [undefined, 120_000, 'attempts:1 timeout:2'],
  ['', 120_000, 'attempts:1 timeout:2'],
  [undefined, 3000, 'attempts:1 timeout:1'],
  ['ndots:2 rotate', 120_000, 'ndots:2 rotate attempts:1 timeout:2'],
  ['timeout:1', 120_000, 'timeout:1 attempts:1 timeout:1'],
  ['timeout:30 attempts:5', 120_000, 'timeout:30 attempts:5 attempts:1 timeout:2'],
  ['attempts:0 timeout:0', 120_000, 'attempts:0 timeout:0 attempts:0 timeout:0'],
])(
  'limitLookupTime turns RES_OPTIONS %j with a budget of %i ms into %j',
  (value, timeoutMs, expected) => {
    const environment: NodeJS.ProcessEnv = { ...(value !== undefined && { RES_OPTIONS: value }) };
    limitLookupTime(CONSOLE, timeoutMs, environment);
    expect(environment['RES_OPTIONS']).toBe(expected);
  },
);

test.each([
  ['console.jumpcloud.com', '..'],
  [CONSOLE, '..'],
  ['proxy', 'corp.example'],
  ['proxy.corp', 'corp.example'],
  ['notjumpcloud.com', 'corp.example'],
])('after limitLookupTime for %s, the search domain is %j', (host, expected) => {
  const environment: NodeJS.ProcessEnv = { LOCALDOMAIN: 'corp.example' };
  limitLookupTime(host, 120_000, environment);
  expect(environment['LOCALDOMAIN']).toBe(expected);
});
