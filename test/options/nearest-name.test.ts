import { expect, test } from 'vitest';
import { nearestName, nearestNames } from '../../src/options/nearest-name.ts';

const KNOWN_NAMES = ['display_name', 'description', 'settle', 'sudo', 'id', 'timeout', 'api_url'];

test.each([
  ['displayName', 'display_name'],
  ['display-name', 'display_name'],
  ['DISPLAY NAME', 'display_name'],
  ['displayname', 'display_name'],
  ['dsiplay_name', 'display_name'],
  ['diplay_nam', 'display_name'],
  ['desription', 'description'],
  ['settel', 'settle'],
  ['tiemout', 'timeout'],
  ['usdo', 'sudo'],
  ['elttes', undefined],
  ['timout1', 'timeout'],
  ['stle', undefined],
  ['sttl1', 'settle'],
  ['setle', 'settle'],
  ['sudoo', 'sudo'],
  ['ids', 'id'],
  ['apiurl', 'api_url'],
  ['time_out', 'timeout'],
  ['colour', undefined],
  ['name', undefined],
  ['', undefined],
  ['__proto__', undefined],
  ['d'.repeat(100_000), undefined],
])('nearestName(%.20s) is %s', (name, nearest) => {
  expect(nearestName(name, KNOWN_NAMES)).toBe(nearest);
});

test('nearestName returns the closest name, or the first of two equally close ones', () => {
  expect(nearestName('groupes', ['group', 'groups'])).toBe('groups');
  expect(nearestName('userz', ['users', 'usere'])).toBe('users');
  expect(nearestName('anything', [])).toBeUndefined();
});

test('nearestName suggests a name in a non-Latin script only if it is similar', () => {
  expect(nearestName('日本', ['東京'])).toBeUndefined();
  expect(nearestName('разработчик', ['тестировщики', 'разработчики'])).toBe('разработчики');
  expect(nearestName('***', ['+++'])).toBeUndefined();
});

test('nearestName suggests only a similar name, even among 20,000 names', () => {
  const known = Array.from({ length: 20_000 }, (_, i) => `someone.called.${i}@example.com`);
  expect(nearestName('unlike-all-of-those-in-here', known)).toBeUndefined();
  expect(nearestName('someone.caled.19999@example.com', known)).toBe(
    'someone.called.19999@example.com',
  );
});

test('nearestNames suggests names only for the first 20 unknown names', () => {
  const suggestions = nearestNames(Array(1000).fill('usres'), ['users']);
  expect(suggestions.slice(0, 20)).toEqual(Array(20).fill('users'));
  expect(suggestions.slice(20)).toEqual(Array(980).fill(undefined));
});
