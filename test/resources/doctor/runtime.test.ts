import { expect, test } from 'vitest';
import { requiredNode } from '../../../scripts/build/required-node.ts';
import { checkRuntime } from '../../../src/resources/doctor/runtime.ts';
import { NEWEST_TUNED_NODE } from '../../../src/transport/connect/v8-flags.ts';

const checkAt = (version: string, day: string) =>
  checkRuntime(version, '/usr/bin/node', Date.parse(day));

test('a supported Node.js is ok, and the detail names its end of life', () => {
  expect(checkAt('24.1.0', '2028-04-29')).toEqual({
    status: 'ok',
    detail: 'Node.js 24.1.0 at /usr/bin/node, supported by the Node.js project until 2028-04-30.',
    advice: '',
  });
});

test('a Node.js after its end of life is a warning', () => {
  expect(checkAt('18.20.8', '2026-01-01')).toMatchObject({
    status: 'warning',
    detail: expect.stringContaining('ended its support for version 18 on 2025-04-30'),
    advice: expect.stringContaining('Unless your distribution still supports this version'),
  });
});

test('a Node.js version that is too new for the table of support dates is ok', () => {
  expect(checkAt('99.0.0', '2040-01-01')).toMatchObject({
    status: 'ok',
    detail: 'Node.js 99.0.0 at /usr/bin/node.',
  });
});

test('the table of support dates has every major version of Node.js from the required one to the newest tested one', () => {
  for (let major = Number.parseInt(requiredNode, 10); major <= NEWEST_TUNED_NODE; major++)
    expect(checkAt(`${major}.0.0`, '2000-01-01').detail).toMatch(/until \d{4}-\d\d-\d\d\.$/);
});
