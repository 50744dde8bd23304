import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { version } from '../../package.json';
import { collectionChangelog, readChangelog } from '../../scripts/build/changelog.ts';

const TEST_MODULES = [
  { name: 'one', shortDescription: 'Keep one', versionAdded: '0.1.0' },
  { name: 'two', shortDescription: 'Keep two', versionAdded: '0.2.0' },
];

const CHANGELOG = `# Changelog

All notable changes, newest first.

## 0.2.0 (unreleased)

### Added

- \`two\`: with
  \`settle\`.

### Changed

- \`one\` is faster.

### Removed

- Nothing.

### Fixed

- \`one\` works.

## 0.1.0 (2026-01-31)
`;

test('collectionChangelog lists the date, the new modules, and the changes by kind for each version', () => {
  expect(parse(collectionChangelog(CHANGELOG, TEST_MODULES))).toEqual({
    ancestor: null,
    releases: {
      '0.2.0': {
        changes: {
          minor_changes: ['``two``: with ``settle``.', '``one`` is faster.'],
          removed_features: ['Nothing.'],
          bugfixes: ['``one`` works.'],
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

test('collectionChangelog rejects a heading that is not a version', () => {
  expect(() => collectionChangelog('# C\n\n## Next\n', [])).toThrow(
    'the heading "Next" must be "VERSION (DATE)"',
  );
});

test('collectionChangelog rejects a heading that Keep a Changelog does not define', () => {
  const markdown = '## 1.0.0 (unreleased)\n\n### Improved\n\n- All.\n';
  expect(() => collectionChangelog(markdown, [])).toThrow(
    'unknown heading "### Improved". Known are Added, ',
  );
});

test('collectionChangelog rejects a change without a heading above it', () => {
  const markdown = '## 1.0.0 (unreleased)\n\n- All.\n';
  expect(() => collectionChangelog(markdown, [])).toThrow(
    'a change has no heading such as "### Added" above it',
  );
});

test('readChangelog lists the changes of all kinds in order, without headings', () => {
  expect(readChangelog(CHANGELOG)[0]?.changes).toEqual([
    '`two`: with `settle`.',
    '`one` is faster.',
    'Nothing.',
    '`one` works.',
  ]);
});

test('CHANGELOG.md begins with the version that is built', async () => {
  const own = parse(collectionChangelog(await readFile('CHANGELOG.md', 'utf8'), TEST_MODULES));
  expect(Object.keys(own.releases)[0]).toBe(version);
});
