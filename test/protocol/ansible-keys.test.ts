import { expect, test } from 'vitest';
import { extractAnsibleKeys } from '../../src/protocol/ansible-keys.ts';
import { readCommandLine } from '../../src/protocol/command-line.ts';

const take = (given: Record<string, unknown>, ...flags: string[]) => {
  const options = new Map(Object.entries(given));
  return { ...extractAnsibleKeys(options, readCommandLine(flags)), left: [...options.keys()] };
};

test.each([
  [{}, [], { check: false, diff: false, verbosity: 0 }],
  [{}, ['--check'], { check: true, diff: false }],
  [{}, ['--diff'], { check: false, diff: true }],
  [{ _ansible_check_mode: true }, [], { check: true }],
  [{ _ansible_check_mode: 'Yes' }, [], { check: true }],
  [{ _ansible_check_mode: false }, ['--check'], { check: true }],
  [{ _ansible_check_mode: null }, [], { check: false }],
  [{ _ansible_diff: 'on' }, [], { diff: true }],
  [{}, ['--check'], { isFromAnsible: false }],
  [{ _ansible_new: null }, [], { isFromAnsible: true }],
  [{ _ansible_verbosity: 3 }, [], { verbosity: 3 }],
  [{ _ansible_verbosity: '2' }, [], { verbosity: 2 }],
  [{ _ansible_verbosity: null }, [], { verbosity: 0 }],
  [{ _ansible_verbosity: 'much' }, [], { verbosity: 0 }],
])('%j %j', (given, flags, controls) => {
  expect(take(given, ...flags)).toMatchObject({ ...controls, problems: [], left: [] });
});

test('takes its own keys by their prefix, and no others', () => {
  const given = {
    _ansible_new: 1,
    _ansible_: 2,
    ansible_check_mode: 3,
    _ansiblex: 4,
    display_name: 5,
  };
  expect(take(given).left).toEqual(['ansible_check_mode', '_ansiblex', 'display_name']);
});

test.each([['maybe'], [2], [[]], [{}], ['']])(
  'a check mode that cannot be understood, %j, is a problem and never a write',
  (value) => {
    const { check, problems } = take({ _ansible_check_mode: value });
    expect(check).toBe(true);
    expect(problems).toEqual([
      { option: '_ansible_check_mode', message: 'expected true or false' },
    ]);
  },
);
