import { describe, expect, test } from 'vitest';
import type { SystemRecord } from '../../../src/api/systems.ts';
import {
  buildPutBody,
  findDrift,
  predictRecord,
  type SystemSettings,
  settingsOf,
} from '../../../src/resources/system/system-fields.ts';

const USER = '0123456789abcdef01234567';
const UNMANAGED_SETTINGS: SystemSettings = {
  display_name: undefined,
  description: undefined,
  allow_ssh_root_login: undefined,
  allow_ssh_password_authentication: undefined,
  allow_public_key_authentication: undefined,
  allow_multi_factor_authentication: undefined,
  primary_user: undefined,
  attributes: undefined,
  purge_attributes: false,
  system_insights: undefined,
};

/**
 * Returns the predicted record and the body of the PUT request. The body is undefined if no request
 * is needed.
 */
function planOf(desired: Partial<SystemSettings>, record: SystemRecord) {
  const changes = findDrift({ ...UNMANAGED_SETTINGS, ...desired }, record);
  const body = buildPutBody(changes);
  return { body: changes.length > 0 ? body : undefined, after: predictRecord(record, body) };
}

const attribute = (name: string, value: string) => ({ name, value });
const attributes = (...pairs: [string, string | null][]) => new Map(pairs);

test('fields that are not managed cause no change', () => {
  const record = { displayName: 'a', attributes: [attribute('b', 'c')], anything: 7 };
  expect(planOf({}, record)).toEqual({ body: undefined, after: record });
});

describe('drift and putBody', () => {
  const rows: [desired: Partial<SystemSettings>, record: SystemRecord, body: object | undefined][] =
    [
      [{ display_name: 'a' }, { displayName: 'a' }, undefined],
      [{ display_name: 'a' }, { displayName: 'A' }, { displayName: 'a' }],
      [{ display_name: 'a' }, {}, { displayName: 'a' }],
      [{ description: '' }, {}, undefined],
      [{ description: '' }, { description: null }, undefined],
      [{ description: '' }, { description: 'a' }, { description: '' }],
      [{ allow_ssh_root_login: false }, { allowSshRootLogin: false }, undefined],
      [{ allow_ssh_root_login: false }, { allowSshRootLogin: true }, { allowSshRootLogin: false }],
      // A switch that is missing in the record counts as neither on nor off.
      [{ allow_ssh_root_login: false }, {}, { allowSshRootLogin: false }],
      [{ primary_user: '' }, {}, undefined],
      [{ primary_user: '' }, { primarySystemUser: null }, undefined],
      [{ primary_user: USER }, { primarySystemUser: { id: USER } }, undefined],
      [{ primary_user: USER }, { 'primarySystemUser.id': USER }, undefined],
      [{ primary_user: USER }, {}, { 'primarySystemUser.id': USER }],
      [{ primary_user: '' }, { primarySystemUser: { id: USER } }, { 'primarySystemUser.id': null }],
      [{ system_insights: 'enabled' }, { systemInsights: { state: 'enabled' } }, undefined],
      [{ system_insights: 'enabled' }, {}, { systemInsights: { state: 'enabled' } }],
    ];
  test.each(rows)(
    'for desired %j and the record %j, the planned body is %j',
    (desired, record, body) => {
      const plan = planOf(desired, record);
      expect(plan.body).toEqual(body);
      // The predicted record needs no further change.
      expect(planOf(desired, plan.after).body).toBeUndefined();
    },
  );
});

describe('drift and putBody, attributes', () => {
  const current = [attribute('rack', '12'), attribute('owner', 'ops'), attribute('env', 'prod')];
  test.each([
    ['that already agree are not sent', attributes(['rack', '12']), false, undefined],
    [
      'that agree in another order are not sent',
      attributes(['env', 'prod'], ['rack', '12']),
      false,
      undefined,
    ],
    [
      'that change keep their position',
      attributes(['owner', 'db']),
      false,
      [current[0], attribute('owner', 'db'), current[2]],
    ],
    [
      'that are new are added at the end',
      attributes(['new', '']),
      false,
      [...current, attribute('new', '')],
    ],
    [
      'with the value null are removed',
      attributes(['owner', null]),
      false,
      [current[0], current[2]],
    ],
    [
      'with the value null that do not exist change nothing',
      attributes(['gone', null]),
      false,
      undefined,
    ],
    [
      'that are not listed are removed by purge_attributes',
      attributes(['env', 'prod']),
      true,
      [current[2]],
    ],
    ['are all removed by purge_attributes with an empty list', attributes(), true, []],
    [
      'that differ only by case are different attributes',
      attributes(['ENV', 'prod']),
      false,
      [...current, attribute('ENV', 'prod')],
    ],
  ] as const)('attributes %s', (_, desired, purge_attributes, list) => {
    const { body, after } = planOf(
      { attributes: desired, purge_attributes },
      { attributes: current },
    );
    expect(body).toEqual(list && { attributes: list });
    expect(after.attributes).toEqual(list ?? current);
  });

  test('duplicates of a listed attribute are merged, and duplicates of other attributes are kept', () => {
    const twice = [attribute('a', '1'), attribute('b', '1'), attribute('a', '2')];
    const both = planOf({ attributes: attributes(['b', '2']) }, { attributes: twice });
    expect(both.after.attributes).toEqual([twice[0], attribute('b', '2'), twice[2]]);
    const once = planOf({ attributes: attributes(['a', '2']) }, { attributes: twice });
    expect(once.after.attributes).toEqual([attribute('a', '2'), attribute('b', '1')]);
  });

  test('attributes named __proto__ and constructor are treated like any other attribute', () => {
    const desired = { attributes: attributes(['__proto__', '1'], ['constructor', '2']) };
    const { after } = planOf(desired, { attributes: null });
    expect(after.attributes).toEqual([attribute('__proto__', '1'), attribute('constructor', '2')]);
  });
});

test('predictRecord keeps the primary user flat or nested, as it is in the record', () => {
  const flat = planOf({ primary_user: USER }, { 'primarySystemUser.id': null });
  expect(flat.after).toEqual({ 'primarySystemUser.id': USER });
  const nested = planOf({ primary_user: USER }, { primarySystemUser: { id: null, more: 1 } });
  expect(nested.after).toEqual({ primarySystemUser: { id: USER, more: 1 } });
});

test('settingsOf returns all settings under the names of their options', () => {
  expect(settingsOf({ allowSshRootLogin: true, attributes: [attribute('a', 'b')] })).toEqual({
    display_name: '',
    description: '',
    allow_ssh_root_login: true,
    allow_ssh_password_authentication: null,
    allow_public_key_authentication: null,
    allow_multi_factor_authentication: null,
    primary_user: '',
    system_insights: null,
    attributes: { a: 'b' },
  });
});
