import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { collectionPath } from '../harness/ansible/controller.ts';

const ROOT = new URL('../../', import.meta.url).pathname;

const isInstalled = (tool: string) => spawnSync(tool, ['--version']).status === 0;

/** Returns the paths of the examples that are playbooks: YAML files with a list of plays. */
async function playbooks(): Promise<string[]> {
  const files = await readdir(join(ROOT, 'ansible-examples'), { recursive: true });
  const texts = await Promise.all(
    files
      .filter((file) => file.endsWith('.yml'))
      .map(async (file) => {
        const path = join('ansible-examples', file);
        return { path, content: parseDocument(await readFile(join(ROOT, path), 'utf8')).toJS() };
      }),
  );
  return texts
    .filter(({ content }) => Array.isArray(content) && content.some((play) => 'hosts' in play))
    .map(({ path }) => path)
    .sort();
}

describe('the collection', () => {
  test.runIf(isInstalled('yamllint') && isInstalled('ansible-lint'))(
    'yamllint and ansible-lint accept the collection with its own configuration',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'lint-'));
      const cwd = join(directory, 'ansible_collections/systemcontext/jumpcloud');
      const env = { ANSIBLE_COLLECTIONS_PATH: directory, XDG_CACHE_HOME: directory };
      const options = { reject: false, all: true, env: { ...env, HOME: directory } } as const;
      const collection = ['collection', 'install', await collectionPath(), '-p', directory];
      await execa('ansible-galaxy', collection, { ...options, reject: true });
      const { all: yaml } = await execa('yamllint', ['--strict', '.'], { ...options, cwd });
      // Debian 12's ansible-lint 6.13 refuses the newer key supported_ansible_also.
      const own = await readFile(join(cwd, '.ansible-lint'), 'utf8');
      const config = join(directory, 'ansible-lint.yml');
      await writeFile(config, own.replace(/^supported_ansible_also:(?:\n .*)*/m, ''));
      const words = ['--offline', '--nocolor', '-c', config];
      const { all, exitCode } = await execa('ansible-lint', words, { ...options, cwd });
      await rm(directory, { recursive: true });
      expect(yaml).toBe('');
      expect(exitCode, all).toBe(0);
    },
    240_000,
  );
});

describe('the example playbooks', () => {
  test.runIf(isInstalled('yamllint'))(
    'yamllint accepts the example playbooks with its default rules',
    async () => {
      const found = await playbooks();
      expect(found).toContain('ansible-examples/fleet.yml');
      const words = ['--strict', '--format', 'parsable', ...found];
      const { stdout } = await execa('yamllint', words, { cwd: ROOT, reject: false });
      expect(stdout).toBe('');
    },
  );

  test.runIf(isInstalled('ansible-lint'))(
    'with its production profile, ansible-lint accepts the example playbooks',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'lint-'));
      // With these options ansible-lint finds the collection, downloads nothing, and keeps its
      // cache in the temporary directory.
      const options = {
        cwd: ROOT,
        reject: false,
        all: true,
        env: { ANSIBLE_COLLECTIONS_PATH: directory, XDG_CACHE_HOME: directory, HOME: directory },
      } as const;
      const collection = ['collection', 'install', await collectionPath(), '-p', directory];
      await execa('ansible-galaxy', collection, { ...options, reject: true });
      const words = ['--offline', '--profile', 'production', '--nocolor', ...(await playbooks())];
      const { all, exitCode } = await execa('ansible-lint', words, options);
      await rm(directory, { recursive: true });
      expect(exitCode, all).toBe(0);
      expect(all).toMatch(/^Passed/m);
    },
    120_000,
  );
});
