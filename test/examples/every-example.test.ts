import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MODULES } from '../../src/modules.ts';

const EXAMPLES = new URL('../../ansible-examples/', import.meta.url).pathname;
const TESTS = new URL('../', import.meta.url).pathname;

/** Returns the paths of all files below a directory, relative to that directory. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length))
    .sort();
}

/**
 * Returns the examples whose whole relative path, such as `shell/boot.sh`, occurs in none of the
 * test files' texts.
 */
function findUnnamedExamples(examples: readonly string[], tests: readonly string[]): string[] {
  return examples.filter((example) => {
    const escaped = example.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const named = new RegExp(`(?:(?<![\\w./-])|(?<=ansible-examples/))${escaped}(?![\\w-]|\\.\\w)`);
    return !tests.some((text) => named.test(text));
  });
}

test('every file of ansible-examples is named in a test', async () => {
  const tests = (await filesBelow(TESTS)).filter(
    (name) => name.endsWith('.test.ts') && basename(name) !== basename(import.meta.filename),
  );
  const texts = await Promise.all(tests.map((name) => readFile(join(TESTS, name), 'utf8')));
  const examples = await filesBelow(EXAMPLES);
  expect(examples).toContain('shell/boot.sh');
  expect(findUnnamedExamples(examples, texts)).toEqual([]);
});

/** Files below /usr that an example creates or says to create. */
const CREATED_FILES = [
  '/usr/local/lib/jumpcloud-system-context',
  '/usr/local/sbin/install-jumpcloud-agent',
  '/usr/local/sbin/jumpcloud-metrics',
];

/** Returns the absolute paths of this project's programs and units that occur in a text. */
const projectPaths = (text: string) =>
  text.match(/\/usr\/(?:local\/)?(?:s?bin|lib)\/[\w./-]*jumpcloud[\w./-]*\w/g) ?? [];

test('the examples name only programs and units that a package installs', async () => {
  const packaging = new URL('../../packaging/systemd/', import.meta.url).pathname;
  const programs = '/usr/lib/jumpcloud-system-context';
  const installed = [
    ...MODULES.map(({ name }) => `/usr/bin/${name}`),
    ...(await readdir(join(packaging, 'programs'))).map((name) => `${programs}/${name}`),
    ...(await readdir(join(packaging, 'units'))).map((name) => `/usr/lib/systemd/system/${name}`),
    programs,
  ];
  const examples = await filesBelow(EXAMPLES);
  const texts = await Promise.all(examples.map((name) => readFile(join(EXAMPLES, name), 'utf8')));
  const named = texts.flatMap(projectPaths).filter((path) => !path.endsWith('_'));
  expect(named).toContain('/usr/bin/jumpcloud_host');
  const unknown = named.filter(
    (path) => !installed.includes(path) && !CREATED_FILES.includes(path),
  );
  expect(unknown).toEqual([]);
});

test('no example playbook sets agent_dir or api_url', async () => {
  const playbooks = (await filesBelow(EXAMPLES)).filter((name) =>
    /^(\w+|autoscaling\/\w+|packer\/[\w-]+)\.yml$/.test(name),
  );
  expect(playbooks).toHaveLength(6);
  for (const name of playbooks) {
    expect(await readFile(join(EXAMPLES, name), 'utf8')).not.toMatch(/agent_dir|api_url/);
  }
});

describe('findUnnamed', () => {
  test.each([
    [
      'an example that the text does not contain is reported',
      "place('shell/other.sh')",
      ['shell/boot.sh'],
    ],
    [
      'an example that ends the path of another file is reported',
      "place('old-shell/boot.sh')",
      ['shell/boot.sh'],
    ],
    [
      'an example of the same path in another directory is reported',
      "place('old/shell/boot.sh')",
      ['shell/boot.sh'],
    ],
    [
      'an example that begins the path of another file is reported',
      "place('shell/boot.sh.j2')",
      ['shell/boot.sh'],
    ],
    ['an example between quotes is not reported', "place('shell/boot.sh')", []],
    ['an example inside a sentence is not reported', 'runs shell/boot.sh.', []],
    [
      'an example behind the path of ansible-examples is not reported',
      "'../ansible-examples/shell/boot.sh'",
      [],
    ],
  ])('%s', (_, text, expected) => {
    expect(findUnnamedExamples(['shell/boot.sh'], [text])).toEqual(expected);
  });
});
