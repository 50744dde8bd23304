import { existsSync } from 'node:fs';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import type { PackageDescription } from '../../scripts/package/package-description.ts';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { test } from '../harness/fixture.ts';
import { copyDebianRoot, listPaths, makeDebianRoot, runInChroot } from './debian-root.ts';
import { makeCachedPackage } from './make-cached-package.ts';
import { BuiltPackages, canPack, describeRuntimePackage, RELEASE, readOutput } from './packed.ts';

const minimalDebian = await makeDebianRoot('bookworm', 'amd64');
const runtime = await describeRuntimePackage('x64');
const canInstall = minimalDebian !== undefined && runtime !== undefined && process.arch === 'x64';
const WANTS = 'etc/systemd/system/multi-user.target.wants';
/** The links that `systemctl enable` makes. */
const ENABLED_LINKS = [
  join(WANTS, 'jumpcloud-host.service'),
  join(WANTS, 'jumpcloud-removal.service'),
  'etc/systemd/system/timers.target.wants/jumpcloud-host.timer',
  'etc/systemd/system/paths.target.wants/jumpcloud-host.path',
];
// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query replaces it
const VERSION_FORMAT = '${Version}';
const NAMES = ['jumpcloud-system-context', 'jumpcloud-system-context-node'];

let emulator: Emulator;
let packed: BuiltPackages;
test.beforeAll(async ({ emulator: sharedEmulator }) => {
  emulator = sharedEmulator;
  packed = await BuiltPackages.make();
});
afterAll(async () => {
  await packed?.remove();
});

describe.runIf(canInstall)('packages in a minimal Debian without Node.js and Python', () => {
  let root: string;
  let host: EnrolledHost;
  beforeEach(async () => {
    root = await copyDebianRoot(minimalDebian ?? '');
    host = await emulator.enrol({ agentDir: join(root, 'opt/jc') });
    return () => rm(root, { recursive: true });
  });

  /**
   * Copies packages into /root of the Debian root file system and returns their paths inside the
   * chroot.
   */
  const copyIn = async (...packages: string[]) => {
    for (const path of packages) await copyFile(path, join(root, 'root', basename(path)));
    return packages.map((path) => `/root/${basename(path)}`);
  };
  const removePaths = async (...paths: string[]) => {
    for (const path of paths) await rm(join(root, path));
  };
  const systemInfo = async () => {
    const options = JSON.stringify({ api_url: emulator.url });
    const { stdout } = await runInChroot(root, ['jumpcloud_system_info', options]);
    return JSON.parse(stdout);
  };
  /** Writes the file with the last result of a unit, as the unit does. */
  const writeLastResult = async () => {
    const directory = join(root, 'run/jumpcloud-system-context');
    await mkdir(directory);
    await writeFile(join(directory, 'jumpcloud-host.json'), '{}\n');
  };
  const runOrFail = async (...command: string[]) => {
    const result = await runInChroot(root, command);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    return result;
  };

  describe.runIf(canPack.deb)('the deb packages', () => {
    let modules: string;
    let node: string;
    beforeAll(async () => {
      modules = await packed.deb(await packed.modules());
      node = await makeCachedPackage(runtime as PackageDescription, 'deb');
    }, 300_000);

    test('the debs of the modules and of Node.js work immediately after installation; a purge removes all their files', async () => {
      expect((await runInChroot(root, ['sh', '-c', 'command -v node nodejs python3'])).stdout).toBe(
        '',
      );
      const before = await listPaths(root);
      const paths = await copyIn(modules, node);
      const start = performance.now();
      await runOrFail('dpkg', '-i', ...paths);
      expect(await systemInfo()).toMatchObject({ enrolled: true, system_id: host.systemId });
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      console.log(`From dpkg -i to the first answer: ${seconds} s.`);
      // The package enables none of its units.
      for (const link of ENABLED_LINKS) {
        await expect(readlink(join(root, link)), link).rejects.toThrow('ENOENT');
      }

      await writeLastResult();
      await runOrFail('dpkg', '--remove', ...NAMES);
      await runOrFail('dpkg', '--purge', ...NAMES);
      await removePaths(...paths);
      expect(await listPaths(root)).toEqual(before);
    }, 60_000);

    test('dpkg refuses to configure the deb of the modules when Node.js is missing', async () => {
      const [path = ''] = await copyIn(modules);
      const result = await runInChroot(root, ['dpkg', '-i', path]);
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain(
        'depends on jumpcloud-system-context-node | nodejs (>= 18.17)',
      );
    }, 60_000);

    test('a removal of the deb keeps host.json and the links of enabled units, and a purge keeps only host.json', async () => {
      const [path = ''] = await copyIn(modules);
      await runOrFail('dpkg', '--force-depends', '-i', path);
      await writeFile(join(root, 'etc/jumpcloud/host.json'), '{}');
      for (const link of ENABLED_LINKS) {
        await mkdir(dirname(join(root, link)), { recursive: true });
        await symlink(`/usr/lib/systemd/system/${basename(link)}`, join(root, link));
      }
      // The units stay enabled after an upgrade, here to the same version, and after a removal.
      await runOrFail('dpkg', '--force-depends', '-i', path);
      await runOrFail('dpkg', '--remove', NAMES[0] ?? '');
      for (const link of ENABLED_LINKS) {
        expect(await readlink(join(root, link))).toContain('/systemd/');
      }
      await runOrFail('dpkg', '--purge', NAMES[0] ?? '');
      expect(existsSync(join(root, WANTS))).toBe(true);
      for (const link of ENABLED_LINKS) {
        await expect(readlink(join(root, link)), link).rejects.toThrow('ENOENT');
      }
      expect(await readFile(join(root, 'etc/jumpcloud/host.json'), 'utf8')).toBe('{}');
    }, 60_000);

    test('dpkg upgrades a development build to its release, and --refuse-downgrade prevents the reverse', async () => {
      const older = await BuiltPackages.make({
        ...RELEASE,
        version: '1.2.3-dev.20260101000000.gabc',
      });
      try {
        const [before = '', after = ''] = await copyIn(
          await older.deb(await older.modules()),
          modules,
        );
        const install = (...words: string[]) => runOrFail('dpkg', '--force-depends', ...words);
        const installed = async () =>
          (await runOrFail('dpkg-query', '-W', '-f', VERSION_FORMAT, NAMES[0] ?? '')).stdout;
        await install('-i', before);
        expect(await installed()).toBe('1.2.3~dev.20260101000000.gabc-1');
        // With --refuse-downgrade, dpkg behaves like apt and never downgrades a package.
        await install('--refuse-downgrade', '-i', after);
        expect(await installed()).toBe('1.2.3-1');
        await install('--refuse-downgrade', '-i', before);
        expect(await installed()).toBe('1.2.3-1');
        await install('-i', before);
        expect(await installed()).toBe('1.2.3~dev.20260101000000.gabc-1');
      } finally {
        await older.remove();
      }
    }, 60_000);
  });

  describe.runIf(canPack.rpm)('the rpm packages, without their dependencies', () => {
    let modules: string;
    let node: string;
    beforeAll(async () => {
      modules = await packed.rpm(await packed.modules());
      node = await makeCachedPackage(runtime as PackageDescription, 'rpm');
    }, 300_000);
    const rpm = (...words: string[]) => readOutput('rpm', '--root', root, ...words);

    test('the rpms of the modules and of Node.js work immediately after installation; erasing them removes all their files', async () => {
      await rpm('--initdb');
      // On Red Hat systems, these directories belong to other packages: filesystem and systemd.
      for (const directory of ['usr/share/licenses', 'usr/lib/systemd/system-preset']) {
        await mkdir(join(root, directory), { recursive: true });
      }
      const before = await listPaths(root);
      await rpm('--install', '--nodeps', modules, node);
      expect(await systemInfo()).toMatchObject({ enrolled: true, system_id: host.systemId });
      await rpm('--verify', '--nodeps', ...NAMES);
      await writeLastResult();
      await rpm('--erase', '--nodeps', ...NAMES);
      expect(await listPaths(root)).toEqual(before);
    }, 60_000);

    test('erasing the rpm keeps host.json', async () => {
      await rpm('--initdb');
      await rpm('--install', '--nodeps', modules);
      await writeFile(join(root, 'etc/jumpcloud/host.json'), '{}');
      await execa('rpm', ['--root', root, '--erase', '--nodeps', NAMES[0] ?? '']);
      expect(await readFile(join(root, 'etc/jumpcloud/host.json'), 'utf8')).toBe('{}');
    }, 60_000);
  });
});

describe.runIf(canPack.rpm)('the rpm with the modules', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rpm-root-'));
    return () => rm(root, { recursive: true });
  });

  /** Makes an empty package that provides the given version of nodejs, or no nodejs. */
  const makeNodejsPackage = async (nodejs: string | undefined) => {
    const spec = join(packed.directory, 'stand-in.spec');
    const lines = [
      ...['Name: stand-in', 'Version: 1', 'Release: 1', 'Summary: x', 'License: x'],
      ...['BuildArch: noarch', 'Provides: /bin/sh', nodejs ? `Provides: nodejs = ${nodejs}` : ''],
      ...['%description', 'x', '%files'],
    ];
    await writeFile(spec, `${lines.join('\n')}\n`);
    await readOutput(
      'rpmbuild',
      '-bb',
      '--quiet',
      '-D',
      `_topdir ${packed.directory}/stand-in`,
      spec,
    );
    return join(packed.directory, 'stand-in/RPMS/noarch/stand-in-1-1.noarch.rpm');
  };

  test.each([
    [undefined, false],
    ['1:16.20.2', false],
    ['1:18.17.1', true],
    ['2:20.1.0', true],
  ])(
    'the rpm with the modules, together with nodejs %s, can be installed, or not: %s',
    async (nodejs, canInstallRpm) => {
      await readOutput('rpm', '--root', root, '--initdb');
      const modules = await packed.rpm(await packed.modules());
      const nodejsPackage = await makeNodejsPackage(nodejs);
      const words = ['--root', root, '--test', '--install', modules, nodejsPackage];
      const { stderr, exitCode } = await execa('rpm', words, { reject: false });
      expect(exitCode === 0, stderr).toBe(canInstallRpm);
      if (!canInstallRpm)
        expect(stderr).toContain('(jumpcloud-system-context-node or nodejs >= 1:18.17)');
    },
  );
});
