import { expect, test } from 'vitest';
import { extractAnsibleKeys } from '../../src/protocol/ansible-keys.ts';
import { readCommandLine } from '../../src/protocol/command-line.ts';

const extract = (args: Record<string, unknown>, ...flags: string[]) => {
  const options = new Map(Object.entries(args));
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
])('the options %j with the flags %j set the mode %j', (args, flags, mode) => {
  expect(extract(args, ...flags)).toMatchObject({ ...mode, problems: [], left: [] });
});

test('extractAnsibleKeys removes all keys with the prefix _ansible_, and no others', () => {
  const args = {
    _ansible_new: 1,
    _ansible_: 2,
    ansible_check_mode: 3,
    _ansiblex: 4,
    display_name: 5,
  };
  expect(extract(args).left).toEqual(['ansible_check_mode', '_ansiblex', 'display_name']);
});

test.each([['maybe'], [2], [[]], [{}], ['']])(
  'an invalid check mode %j is reported, and the run is in check mode',
  (value) => {
    const { check, problems } = extract({ _ansible_check_mode: value });
    expect(check).toBe(true);
    expect(problems).toEqual([
      { option: '_ansible_check_mode', message: 'expected true or false' },
    ]);
  },
);
