import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect } from 'vitest';
import { buildNpm } from '../../scripts/package/build-npm.ts';
import { test } from '../harness/fixture.ts';
import { BuiltPackages, RELEASE, readOutput } from './packed.ts';

let packed: BuiltPackages;
let path: string;
beforeAll(async () => {
  packed = await BuiltPackages.make();
  path = await buildNpm(packed.directory, packed.directory, packed.built, RELEASE.publisher);
});
afterAll(() => packed?.remove());

test('the npm tarball contains only the executables, the documents and the manifest', async () => {
  expect(path).toMatch(/\/jumpcloud-system-context-1\.2\.3\.tgz$/);
  const files = (await readOutput('tar', 'tzf', path)).split('\n').sort();
  expect(files).toEqual(
    [
      'package/CHANGELOG.md',
      'package/LICENSE',
      'package/README.md',
      'package/THIRD-PARTY-NOTICES',
      ...packed.built.modules.map(({ name }) => `package/bin/${name}`),
      'package/package.json',
      'package/sbom.cdx.json',
      ...packed.built.modules.map(({ name }) => `package/schema/${name}.json`),
    ].sort(),
  );
  const read = (file: string) => readOutput('tar', 'xzOf', path, `package/${file}`);
  const manifest = JSON.parse(await read('package.json'));
  expect(manifest).toMatchObject({
    name: 'jumpcloud-system-context',
    version: '1.2.3',
    engines: { node: '>=18.17' },
    homepage: RELEASE.publisher.homepage,
    repository: { type: 'git', url: 'git+https://example.com/source.git' },
    bugs: { url: RELEASE.publisher.issues },
  });
  expect(manifest).not.toHaveProperty('private');
  expect(await read('README.md')).not.toMatch(/@[a-z_]+@/);
});

test('the npm tarball has the same bytes when it is built twice', async () => {
  const first = await readFile(path);
  const umask = process.umask(0o027);
  const again = await BuiltPackages.make();
  try {
    const other = await buildNpm(again.directory, again.directory, again.built, RELEASE.publisher);
    expect(first.equals(await readFile(other))).toBe(true);
  } finally {
    process.umask(umask);
    await again.remove();
  }
});

test('npm install --global installs working executables and npm uninstall removes them', {
  timeout: 120_000,
}, async ({ emulator }) => {
  const prefix = await mkdtemp(join(tmpdir(), 'npm-prefix-'));
  const host = await emulator.enrol();
  try {
    await execa('npm', ['install', '--global', '--offline', '--prefix', prefix, path]);
    for (const { name } of packed.built.modules) {
      expect(await readOutput(join(prefix, 'bin', name), '--version')).toMatch(`${name} `);
    }
    const options = JSON.stringify({ agent_dir: host.agentDir, api_url: emulator.url });
    const answer = await readOutput(join(prefix, 'bin/jumpcloud_system_info'), options);
    expect(JSON.parse(answer)).toMatchObject({ enrolled: true, system_id: host.systemId });
    await execa('npm', ['uninstall', '--global', '--prefix', prefix, 'jumpcloud-system-context']);
    expect(await readOutput('find', prefix, '!', '-type', 'd')).toBe('');
  } finally {
    await rm(prefix, { recursive: true });
  }
});
