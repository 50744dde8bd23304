import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { type BuildResult, buildAll, MAX_EXECUTABLE_BYTES } from '../../scripts/build/build-all.ts';
import { HOST_MODULES, MODULES } from '../../src/modules.ts';

let directory: string;
let built: BuildResult;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'build-test-'));
  built = await buildAll(directory);
});

afterAll(() => rm(directory, { recursive: true }));

const read = (path: string) => readFile(join(directory, path), 'utf8');

test('modules/ contains an entry point and documentation for each module, and otherwise only three shared files', async () => {
  const sharedFiles = ['admin.yml', 'connection.yml', 'documentation.d.ts'];
  const files = MODULES.flatMap(({ name }) => [`${name}.ts`, `${name}.yml`]);
  expect((await readdir('modules')).sort()).toEqual([...files, ...sharedFiles].sort());
});

describe('buildAll, executables', () => {
  it('the output directory contains only executables and their documentation', async () => {
    await writeFile(join(directory, 'modules/jumpcloud_system.js.map'), 'of an earlier build');
    await buildAll(directory);
    const expected = built.modules.flatMap(({ name }) => [name, `${name}.yml`]).sort();
    expect((await readdir(join(directory, 'modules'))).sort()).toEqual(expected);
    expect(expected).toContain('jumpcloud_system');
  });

  it('executables have at most the permitted size, mode 0755 and no text that Ansible misinterprets', async () => {
    for (const { name, bytes } of built.modules) {
      const content = await read(`modules/${name}`);
      expect(Buffer.byteLength(content)).toBe(bytes);
      expect(bytes).toBeLessThanOrEqual(MAX_EXECUTABLE_BYTES);
      expect((await stat(join(directory, 'modules', name))).mode & 0o777).toBe(0o755);

      expect(content.startsWith('#!/bin/sh\n')).toBe(true);
      expect(content).toContain('WANT_JSON');
      // Ansible treats a file with control bytes at its beginning as a binary module.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the test searches for them
      expect(content.slice(0, 1024)).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f]/);
      expect(content).not.toContain('<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>');
      expect(content).not.toMatch(/#Requires -Module/i);
      expect(content).not.toMatch(/from ansible\.module_utils\./);
      expect(content).not.toContain('sourceMappingURL');
    }
  });

  it('an executable also runs when its path is passed to the command `node`', async () => {
    const { stdout } = await execa('node', [
      join(directory, 'modules/jumpcloud_system'),
      '--version',
    ]);
    expect(stdout).toBe(`jumpcloud_system ${built.version}`);
  });

  it('--help prints the documentation of all options in at most 80 columns', async () => {
    for (const { name } of built.modules) {
      const { stdout } = await execa(join(directory, 'modules', name), ['--help']);
      const { DOCUMENTATION } = parse(await read(`modules/${name}.yml`), { version: '1.1' });
      for (const option of Object.keys(DOCUMENTATION.options)) {
        expect(stdout).toMatch(new RegExp(`\n {2}${option}( \\(|\n)`));
      }
      expect(stdout).not.toMatch(/\b[BCILMU]\(/);
      const [prose = '', examples = ''] = stdout.split('\nExamples:\n');
      expect(prose.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(examples).toContain(`${name} '{`);
    }
  });
});

it('THIRD-PARTY-NOTICES contains the licences of all bundled packages', async () => {
  const notices = await read('THIRD-PARTY-NOTICES');
  expect(notices).toMatch(/^undici [\d.]+\n\nMIT License/m);
  expect(notices).toMatch(/^zod [\d.]+\n\nMIT License/m);
});

it('a second build produces the same bytes', async () => {
  const other = await mkdtemp(join(tmpdir(), 'build-again-'));
  await buildAll(other);
  for (const path of await readdir(directory, { recursive: true })) {
    const [one, again] = [join(directory, path), join(other, path)];
    if ((await stat(one)).isFile()) {
      expect((await readFile(one)).equals(await readFile(again)), path).toBe(true);
    }
  }
  await rm(other, { recursive: true });
});

describe('buildAll, collection', () => {
  const files = new Map<string, { content: string; mode: number | undefined }>();

  beforeAll(async () => {
    const archive = extract();
    archive.end(gunzipSync(await readFile(built.collection)));
    for await (const entry of archive) {
      const content = await text(entry);
      const { name, type, mode } = entry.header;
      if (type === 'file') files.set(name, { content, mode });
    }
  });

  const content = (path: string) => files.get(path)?.content ?? '';
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

  it('the manifest of the collection lists every file with its checksum', () => {
    const manifest = JSON.parse(content('MANIFEST.json'));
    expect(manifest.file_manifest_file.chksum_sha256).toBe(sha256(content('FILES.json')));

    const listed: { name: string; ftype: string; chksum_sha256: string | null }[] = JSON.parse(
      content('FILES.json'),
    ).files;
    for (const { name, ftype, chksum_sha256 } of listed) {
      expect(chksum_sha256, name).toBe(ftype === 'file' ? sha256(content(name)) : null);
    }
    const names = listed.filter(({ ftype }) => ftype === 'file').map(({ name }) => name);
    expect(['MANIFEST.json', 'FILES.json', ...names].sort()).toEqual([...files.keys()].sort());
  });

  it('the collection has all modules, and its action group lists the host modules', async () => {
    const runtime = parse(content('meta/runtime.yml'));
    expect(runtime.requires_ansible).toBe('>=2.14.0');
    expect(runtime.action_groups.all).toEqual(HOST_MODULES.map(({ name }) => name).sort());
    for (const { name } of built.modules) {
      expect(files.get(`plugins/modules/${name}`)?.mode).toBe(0o755);
      expect(content(`plugins/modules/${name}`)).toBe(await read(`modules/${name}`));
      expect(content(`plugins/modules/${name}.yml`)).toBe(await read(`modules/${name}.yml`));
      expect(content(`schema/${name}.json`)).toBe(await read(`schema/${name}.json`));
      expect(content('README.md')).toContain(`| \`${name}\` |`);
    }
    expect(content('README.md')).not.toMatch(/@[a-z_]+@/);
  });
});
