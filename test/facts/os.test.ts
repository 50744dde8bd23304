import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parseOsRelease, readOsFact } from '../../src/facts/os.ts';

const DEBIAN = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
ID=debian
HOME_URL="https://www.debian.org/"
`;

describe('parseOsRelease', () => {
  test("parseOsRelease returns all variables of Debian's os-release file without their quotes", () => {
    expect(Object.fromEntries(parseOsRelease(DEBIAN))).toEqual({
      PRETTY_NAME: 'Debian GNU/Linux 12 (bookworm)',
      NAME: 'Debian GNU/Linux',
      VERSION_ID: '12',
      ID: 'debian',
      HOME_URL: 'https://www.debian.org/',
    });
  });

  test.each([
    ['ID=alpine', 'alpine'],
    ["ID='opensuse-leap'", 'opensuse-leap'],
    ['ID="a \\"quoted\\" \\$word\\`s \\\\"', 'a "quoted" $word`s \\'],
    ["ID='a \\ b'", 'a \\ b'],
    ['ID=a\\ ', 'a\\'],
    ['ID=""', ''],
    ['ID=', ''],
    ['  ID=debian  ', 'debian'],
    ['ID=debian\r', 'debian'],
    ['ID=first\nID=second', 'second'],
    ['# ID=comment\n\nID=debian', 'debian'],
  ])('parseOsRelease reads the ID in %j as %j', (text, id) => {
    expect(parseOsRelease(text).get('ID')).toBe(id);
  });

  test.each(['', '#ID=debian', 'id=debian', 'ID = debian', 'ID="a" b'])(
    'parseOsRelease finds no ID in %j',
    (text) => {
      expect(parseOsRelease(text).get('ID')).toBeUndefined();
    },
  );
});

describe('readOsFact', () => {
  const output = (...words: [string, ...string[]]) =>
    execFileSync(words[0], words.slice(1), { encoding: 'utf8' }).trim();
  const ofRelease = (name: string) => output('/bin/sh', '-c', `. /etc/os-release; echo "$${name}"`);

  test.each([
    ['hostname', () => output('uname', '-n')],
    ['hostname_short', () => output('uname', '-n').split('.')[0]],
    ['arch', () => output('uname', '-m')],
    ['kernel', () => output('uname', '-r')],
    ['os.id', () => ofRelease('ID')],
    ['os.version_id', () => ofRelease('VERSION_ID')],
    ['os.pretty_name', () => ofRelease('PRETTY_NAME')],
  ])('readOsFact returns the value of the system for %s', (name, expected) => {
    const value = expected();
    expect(readOsFact(name)).toEqual(value === '' ? { reason: expect.anything() } : { value });
  });
});
