import { describe, expect, test } from 'vitest';
import {
  ForbiddenRequest,
  type ProbeRequest,
  requirePermitted,
} from '../../scripts/probe/permission.ts';
import { asTestObject } from '../../scripts/probe/test-object.ts';

const SYSTEM = 'a'.repeat(24);
const GROUP = 'b'.repeat(24);
const USER = 'c'.repeat(24);
const OTHER_ID = 'd'.repeat(24);
const scope = {
  systemId: SYSTEM,
  made: new Map([
    [GROUP, { kind: 'system_group', id: GROUP, name: 'jsc-probe-0a1b2c3d-group-1' }],
    [USER, { kind: 'user', id: USER, name: 'jsc-probe-0a1b2c3d-user-1' }],
  ] as const),
  description: 'as before',
  mayDeleteRecord: false,
};
const record = `/api/systems/${SYSTEM}`;
const members = (group: string) => `/api/v2/systemgroups/${group}/members`;
const edges = `/api/v2/systems/${SYSTEM}/associations`;
const joinBody = (id: string) => ({ op: 'add', type: 'system', id });
const bindBody = (id: string, attributes?: object) => ({ op: 'add', type: 'user', id, attributes });
const sudo = (enabled: boolean) => ({ sudo: { enabled, withoutPassword: false } });
const marker = 'jsc-probe-0a1b2c3d systemInsights=enabled: as before';

type Row = [ProbeRequest['actor'], ProbeRequest['method'], string, unknown?];
const permittedRequests: Row[] = [
  ['host', 'GET', record],
  ['host', 'GET', `/api/v2/systems/${SYSTEM}/memberof?limit=2&skip=0`],
  ['host', 'PUT', record, { description: marker }],
  ['host', 'PUT', record, { description: 'as before' }],
  ['host', 'PUT', record, { systemInsights: { state: 'deferred' } }],
  ['host', 'PUT', record, { 'primarySystemUser.id': USER }],
  ['host', 'PUT', record, { 'primarySystemUser.id': null }],
  ['host', 'POST', members(GROUP), joinBody(SYSTEM)],
  ['host', 'POST', edges, bindBody(USER, sudo(false))],
  ['administrator', 'GET', '/api/v2/systemgroups?limit=100&skip=0&sort=id'],
  ['administrator', 'POST', '/api/v2/systemgroups', { name: 'jsc-probe-0a1b2c3d-group-1' }],
  ['administrator', 'POST', '/api/systemusers', { username: 'jsc-probe-0a1b2c3d-user-1' }],
  ['administrator', 'DELETE', `/api/v2/systemgroups/${GROUP}`],
  ['administrator', 'DELETE', `/api/systemusers/${USER}`],
];
const forbiddenRequests: Row[] = [
  ['host', 'DELETE', record],
  ['host', 'GET', `/api/systems/${OTHER_ID}`],
  ['host', 'PUT', record, { displayName: 'x' }],
  ['host', 'PUT', record, { description: marker, allowSshRootLogin: true }],
  ['host', 'PUT', record, { description: 'other' }],
  ['host', 'PUT', record, { 'primarySystemUser.id': OTHER_ID }],
  ['host', 'PUT', `/api/systems/${OTHER_ID}`, { description: marker }],
  ['host', 'POST', members(OTHER_ID), joinBody(SYSTEM)],
  ['host', 'POST', members(GROUP), joinBody(OTHER_ID)],
  ['host', 'POST', members(USER), joinBody(SYSTEM)],
  ['host', 'POST', edges, bindBody(OTHER_ID)],
  ['host', 'POST', edges, bindBody(USER, sudo(true))],
  ['host', 'POST', edges, { op: 'add', type: 'command', id: USER }],
  ['host', 'POST', `/api/v2/systems/${OTHER_ID}/associations`, bindBody(USER)],
  ['administrator', 'DELETE', `/api/v2/systemgroups/${OTHER_ID}`],
  ['administrator', 'DELETE', `/api/v2/systemgroups/${USER}`],
  ['administrator', 'DELETE', `/api/v2/systemgroups/${GROUP}/members`],
  ['administrator', 'DELETE', '/api/v2/systemgroups/'],
  ['administrator', 'DELETE', record],
  ['administrator', 'PUT', `/api/v2/systemgroups/${GROUP}`, { name: 'x' }],
  ['administrator', 'POST', '/api/v2/systemgroups', { name: 'web' }],
  ['administrator', 'POST', '/api/v2/systemgroups', { name: 'jsc-probe-web' }],
  ['administrator', 'POST', '/api/systemusers', { username: 'ada' }],
  ['administrator', 'POST', members(GROUP), joinBody(SYSTEM)],
  ['administrator', 'GET', '/api/organizations'],
];

describe('requirePermitted', () => {
  const check = ([actor, method, path, body]: Row) =>
    requirePermitted({ actor, method, path, body }, scope);

  test.each(permittedRequests)('requirePermitted permits the %s to send %s %s %o', (...row) => {
    expect(() => check(row)).not.toThrow();
  });

  test.each(forbiddenRequests)('requirePermitted forbids the %s to send %s %s %o', (...row) => {
    expect(() => check(row)).toThrow(ForbiddenRequest);
  });

  test('requirePermitted permits the deletion of the record if mayDeleteRecord is set', () => {
    const request = { actor: 'host', method: 'DELETE', path: record } as const;
    expect(() => requirePermitted(request, { ...scope, mayDeleteRecord: true })).not.toThrow();
  });
});

describe('asTestObject', () => {
  const id = GROUP;
  const username = 'jsc-probe-0a1b2c3d-user-1';
  test.each([
    ['system_group', { id, name: 'jsc-probe-0a1b2c3d-group-1' }, true],
    ['system_group', { id, name: 'jsc-probe-0a1b2c3d-dynamic-2' }, true],
    ['user', { _id: id, username, email: `${username}@example.com` }, true],
    ['user', { _id: id, username, email: 'ada@example.org' }, false],
    ['system_group', { id, name: 'jsc-probe-web' }, false],
    ['system_group', { id, name: 'my jsc-probe-0a1b2c3d-group-1' }, false],
    ['system_group', { id: 'x', name: 'jsc-probe-0a1b2c3d-group-1' }, false],
    ['system_group', { id, username, email: `${username}@example.com` }, false],
    ['system_group', null, false],
  ] as const)(
    'whether asTestObject recognises the %s %o as a test object: %s',
    (kind, answer, isRecognised) => {
      expect(asTestObject(kind, answer) !== undefined).toBe(isRecognised);
    },
  );
});
