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
import { copyOf, debianFolder, everyPath, inside } from './debian-folder.ts';
import { canPack, output, Packed, RELEASE, runtimeDescription } from './packed.ts';

const empty = await debianFolder('bookworm', 'amd64');
const runtime = await runtimeDescription('x64');
const canInstall = empty !== undefined && runtime !== undefined && process.arch === 'x64';
const WANTS = 'etc/systemd/system/multi-user.target.wants';
/** What `systemctl enable` links, and where. */
const ENABLED = [
  join(WANTS, 'jumpcloud-host.service'),
  join(WANTS, 'jumpcloud-removal.service'),
  'etc/systemd/system/timers.target.wants/jumpcloud-host.timer',
  'etc/systemd/system/paths.target.wants/jumpcloud-host.path',
];
// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in
const FORMAT = '${Version}';
const NAMES = ['jumpcloud-system-context', 'jumpcloud-system-context-node'];

let emulator: Emulator;
let packed: Packed;
test.beforeAll(async ({ emulator: shared }) => {
  emulator = shared;
  packed = await Packed.make();
});
afterAll(async () => {
  await packed?.remove();
});

describe.runIf(canInstall)('in an empty Debian, without Node.js and Python', () => {
  let root: string;
  let host: EnrolledHost;
  beforeEach(async () => {
    root = await copyOf(empty ?? '');
    host = await emulator.enrol({ agentDir: join(root, 'opt/jc') });
    return () => rm(root, { recursive: true });
  });

  /** Puts packages into the folder's /root and gives their paths there. */
  const bring = async (...packages: string[]) => {
    for (const path of packages) await copyFile(path, join(root, 'root', basename(path)));
    return packages.map((path) => `/root/${basename(path)}`);
  };
  const takeAway = async (...paths: string[]) => {
    for (const path of paths) await rm(join(root, path));
  };
  const systemInfo = async () => {
    const options = JSON.stringify({ api_url: emulator.url });
    const { stdout } = await inside(root, ['jumpcloud_system_info', options]);
    return JSON.parse(stdout);
  };
  const succeed = async (...command: string[]) => {
    const ran = await inside(root, command);
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0 });
    return ran;
  };

  describe.runIf(canPack.deb)('the debs', () => {
    let modules: string;
    let node: string;
    beforeAll(async () => {
      modules = await packed.deb(await packed.modules());
      node = await packed.deb(runtime as PackageDescription);
    }, 300_000);

    test('answer as soon as both are installed; purged, they leave nothing', async () => {
      expect((await inside(root, ['sh', '-c', 'command -v node nodejs python3'])).stdout).toBe('');
      const before = await everyPath(root);
      const paths = await bring(modules, node);
      const start = performance.now();
      await succeed('dpkg', '-i', ...paths);
      expect(await systemInfo()).toMatchObject({ enrolled: true, system_id: host.systemId });
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      console.log(`From dpkg -i to the first answer: ${seconds} s.`);
      // The package enables none of its units.
      for (const link of ENABLED) {
        await expect(readlink(join(root, link)), link).rejects.toThrow('ENOENT');
      }

      await succeed('dpkg', '--remove', ...NAMES);
      await succeed('dpkg', '--purge', ...NAMES);
      await takeAway(...paths);
      expect(await everyPath(root)).toEqual(before);
    }, 60_000);

    test('are not configured without any Node.js', async () => {
      const [path = ''] = await bring(modules);
      const ran = await inside(root, ['dpkg', '-i', path]);
      expect(ran.exitCode).toBe(1);
      expect(ran.stderr).toContain('depends on jumpcloud-system-context-node | nodejs (>= 18.17)');
    }, 60_000);

    test('keep what the administrator wrote and enabled, until a purge takes the links', async () => {
      const [path = ''] = await bring(modules);
      await succeed('dpkg', '--force-depends', '-i', path);
      await writeFile(join(root, 'etc/jumpcloud/host.json'), '{}');
      for (const link of ENABLED) {
        await mkdir(dirname(join(root, link)), { recursive: true });
        await symlink(`/usr/lib/systemd/system/${basename(link)}`, join(root, link));
      }
      // An upgrade, here to the same version, changes neither.
      await succeed('dpkg', '--force-depends', '-i', path);
      await succeed('dpkg', '--remove', NAMES[0] ?? '');
      for (const link of ENABLED) {
        expect(await readlink(join(root, link))).toContain('/systemd/');
      }
      await succeed('dpkg', '--purge', NAMES[0] ?? '');
      expect(existsSync(join(root, WANTS))).toBe(true);
      for (const link of ENABLED) {
        await expect(readlink(join(root, link)), link).rejects.toThrow('ENOENT');
      }
      expect(await readFile(join(root, 'etc/jumpcloud/host.json'), 'utf8')).toBe('{}');
    }, 60_000);

    test('go forward from a development build to its release, and back when told to', async () => {
      const older = await Packed.make({ ...RELEASE, version: '1.2.3-dev.20260101000000.gabc' });
      try {
        const [before = '', after = ''] = await bring(
          await older.deb(await older.modules()),
          modules,
        );
        const install = (...words: string[]) => succeed('dpkg', '--force-depends', ...words);
        const installed = async () =>
          (await succeed('dpkg-query', '-W', '-f', FORMAT, NAMES[0] ?? '')).stdout;
        await install('-i', before);
        expect(await installed()).toBe('1.2.3~dev.20260101000000.gabc-1');
        // As apt does it: never to an older one by itself.
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

  describe.runIf(canPack.rpm)('the rpms, without what they need from a Red Hat', () => {
    let modules: string;
    let node: string;
    beforeAll(async () => {
      modules = await packed.rpm(await packed.modules());
      node = await packed.rpm(runtime as PackageDescription);
    }, 300_000);
    const rpm = (...words: string[]) => output('rpm', '--root', root, ...words);

    test('answer as soon as both are installed; erased, they leave nothing', async () => {
      await rpm('--initdb');
      // Directories of Red Hat's packages filesystem and systemd.
      for (const directory of ['usr/share/licenses', 'usr/lib/systemd/system-preset']) {
        await mkdir(join(root, directory), { recursive: true });
      }
      const before = await everyPath(root);
      await rpm('--install', '--nodeps', modules, node);
      expect(await systemInfo()).toMatchObject({ enrolled: true, system_id: host.systemId });
      await rpm('--verify', '--nodeps', ...NAMES);
      await rpm('--erase', '--nodeps', ...NAMES);
      expect(await everyPath(root)).toEqual(before);
    }, 60_000);

    test('keep what the administrator wrote', async () => {
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

  /** A package of nothing, that says it is a nodejs, or none for no version. */
  const standIn = async (nodejs: string | undefined) => {
    const spec = join(packed.folder, 'stand-in.spec');
    const lines = [
      ...['Name: stand-in', 'Version: 1', 'Release: 1', 'Summary: x', 'License: x'],
      ...['BuildArch: noarch', 'Provides: /bin/sh', nodejs ? `Provides: nodejs = ${nodejs}` : ''],
      ...['%description', 'x', '%files'],
    ];
    await writeFile(spec, `${lines.join('\n')}\n`);
    await output('rpmbuild', '-bb', '--quiet', '-D', `_topdir ${packed.folder}/stand-in`, spec);
    return join(packed.folder, 'stand-in/RPMS/noarch/stand-in-1-1.noarch.rpm');
  };

  test.each([
    [undefined, false],
    ['1:16.20.2', false],
    ['1:18.17.1', true],
    ['2:20.1.0', true],
  ])('beside a nodejs %s: can be installed: %s', async (nodejs, fit) => {
    await output('rpm', '--root', root, '--initdb');
    const modules = await packed.rpm(await packed.modules());
    const other = await standIn(nodejs);
    const words = ['--root', root, '--test', '--install', modules, other];
    const { stderr, exitCode } = await execa('rpm', words, { reject: false });
    expect(exitCode === 0, stderr).toBe(fit);
    if (!fit) expect(stderr).toContain('(jumpcloud-system-context-node or nodejs >= 1:18.17)');
  });
});
