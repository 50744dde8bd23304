import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { version } from '../../package.json';
import { collectionChangelog } from '../../scripts/build/changelog.ts';

const MODULES = [
  { name: 'one', shortDescription: 'Keep one', versionAdded: '0.1.0' },
  { name: 'two', shortDescription: 'Keep two', versionAdded: '0.2.0' },
];

const CHANGELOG = `# Changelog

All notable changes, newest first.

## 0.2.0 (unreleased)

- Add \`two\`: with
  \`settle\`.
- Fix \`one\`.
- Remove nothing.

## 0.1.0 (2026-01-31)
`;

test('collectionChangelog lists the changes, new modules and date of each version', () => {
  expect(parse(collectionChangelog(CHANGELOG, MODULES))).toEqual({
    ancestor: null,
    releases: {
      '0.2.0': {
        changes: {
          minor_changes: ['Add ``two``: with ``settle``.'],
          bugfixes: ['Fix ``one``.'],
          removed_features: ['Remove nothing.'],
        },
        modules: [{ name: 'two', description: 'Keep two', namespace: '' }],
      },
      '0.1.0': {
        changes: {},
        modules: [{ name: 'one', description: 'Keep one', namespace: '' }],
        release_date: '2026-01-31',
      },
    },
  });
});

test('collectionChangelog refuses a heading that is not a version', () => {
  expect(() => collectionChangelog('# C\n\n## Next\n', [])).toThrow('"Next" is not VERSION (DATE)');
});

test('CHANGELOG.md begins with the version of package.json', async () => {
  const changelog = parse(collectionChangelog(await readFile('CHANGELOG.md', 'utf8'), MODULES));
  expect(Object.keys(changelog.releases)[0]).toBe(version);
});
