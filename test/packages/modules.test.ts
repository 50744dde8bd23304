import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDocumentation } from '../../scripts/build/module-documentation.ts';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import type { PackageDescription } from '../../scripts/package/package-description.ts';
import { packageVersion } from '../../scripts/package/package-version.ts';
import { hasPrograms } from '../examples/has-programs.ts';
import { BuiltPackages, canPack, listContents, RELEASE, readOutput } from './packed.ts';

const DIRECTORY = 'usr/lib/jumpcloud-system-context';

let packed: BuiltPackages;
let description: PackageDescription;
beforeAll(async () => {
  packed = await BuiltPackages.make();
  description = await packed.modules();
});
afterAll(() => packed?.remove());

/** Returns the entries that the deb and the rpm must both contain. */
function expectedEntries(): string[] {
  return [
    ...packed.built.modules.flatMap(({ name }) => [
      `-rwxr-xr-x root/root ${DIRECTORY}/${name}`,
      `lrwxrwxrwx root/root usr/bin/${name} -> ../lib/jumpcloud-system-context/${name}`,
      `-rw-r--r-- root/root usr/share/man/man8/${name}.8.gz`,
      `-rw-r--r-- root/root usr/share/jumpcloud-system-context/schema/${name}.json`,
    ]),
    `-rwxr-xr-x root/root ${DIRECTORY}/describe-host`,
    `-rwxr-xr-x root/root ${DIRECTORY}/remove-on-poweroff`,
    '-rw-r--r-- root/root usr/lib/systemd/system-preset/80-jumpcloud-system-context.preset',
    '-rw-r--r-- root/root usr/lib/systemd/system/jumpcloud-host-apply.service',
    '-rw-r--r-- root/root usr/lib/systemd/system/jumpcloud-host.path',
    '-rw-r--r-- root/root usr/lib/systemd/system/jumpcloud-host.service',
    '-rw-r--r-- root/root usr/lib/systemd/system/jumpcloud-host.timer',
    '-rw-r--r-- root/root usr/lib/systemd/system/jumpcloud-removal.service',
    '-rw-r--r-- root/root usr/share/doc/jumpcloud-system-context/errors.md',
    '-rw-r--r-- root/root usr/share/doc/jumpcloud-system-context/examples/host.json',
    '-rw-r--r-- root/root usr/share/doc/jumpcloud-system-context/examples/removal.json',
    '-rw-r--r-- root/root usr/share/doc/jumpcloud-system-context/sbom.cdx.json',
    '-rw-r--r-- root/root usr/share/doc/jumpcloud-system-context/systemd.md',
    '-rw-r--r-- root/root usr/share/doc/jumpcloud-system-context/troubleshooting.md',
    'drwxr-xr-x root/root etc/jumpcloud',
  ];
}

describe.runIf(canPack.deb)('the deb with the modules', () => {
  let path: string;
  beforeAll(async () => {
    path = await packed.deb(description);
  });

  test('the deb contains every module and all its entries belong to root', async () => {
    expect(path).toMatch(/\/jumpcloud-system-context_1\.2\.3-1_all\.deb$/);
    const found = await listContents(path);
    expect(found).toEqual(expect.arrayContaining(expectedEntries()));
    expect(found).toContain(
      '-rw-r--r-- root/root usr/share/doc/jumpcloud-system-context/copyright',
    );
    expect(
      found.filter(
        (line) =>
          !/^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--|l) ?\S* root\/root /.test(line) &&
          !line.startsWith('lrwxrwxrwx root/root '),
      ),
    ).toEqual([]);
    // Below /etc and /usr/bin, the package has only the modules and /etc/jumpcloud.
    const names = found.map((line) => line.split(' ')[2] ?? '');
    expect(names.filter((name) => /^(etc|usr\/bin)\/./.test(name)).length).toBe(
      packed.built.modules.length + 1,
    );
  });

  test('the deb contains the modules byte for byte, with the time of the release', async () => {
    const unpacked = join(packed.directory, 'unpacked');
    await execa('dpkg-deb', ['--extract', path, unpacked]);
    for (const { name } of packed.built.modules) {
      const bytes = await readFile(join(unpacked, DIRECTORY, name));
      expect(bytes.equals(await readFile(join(packed.directory, 'modules', name))), name).toBe(
        true,
      );
      const { mtimeMs } = await stat(join(unpacked, 'usr/bin', name));
      expect(mtimeMs).toBe(RELEASE.time * 1000);
    }
  });

  test('the deb depends on jumpcloud-system-context-node or on nodejs', async () => {
    expect(await readOutput('dpkg-deb', '--field', path, 'Depends')).toBe(
      'jumpcloud-system-context-node | nodejs (>= 18.17)',
    );
    expect(await readOutput('dpkg-deb', '--field', path, 'Homepage')).toBe(
      RELEASE.publisher.homepage,
    );
    expect(await readOutput('dpkg-deb', '--field', path, 'Version')).toBe('1.2.3-1');
  });

  test.runIf(hasPrograms('lintian over the debs', 'lintian'))(
    'lintian reports nothing about the deb',
    async () => {
      const words = ['--allow-root', '--display-info', '--pedantic', '--display-experimental'];
      const { stdout } = await execa('lintian', [...words, path], { reject: false });
      expect(stdout).toBe('');
    },
    120_000,
  );
});

describe.runIf(canPack.rpm)('the rpm with the modules', () => {
  let path: string;
  beforeAll(async () => {
    path = await packed.rpm(description);
  });

  test('the rpm contains every module and all its entries belong to root', async () => {
    expect(path).toMatch(/\/jumpcloud-system-context-1\.2\.3-1\.noarch\.rpm$/);
    const found = await listContents(path);
    expect(found).toEqual(expect.arrayContaining(expectedEntries()));
    expect(found).toContain(
      '-rw-r--r-- root/root usr/share/licenses/jumpcloud-system-context/THIRD-PARTY-NOTICES',
    );
    expect(found.filter((line) => !line.includes(' root/root '))).toEqual([]);
  });

  test('the rpm depends on jumpcloud-system-context-node or on nodejs with epoch 1 or later', async () => {
    const requires = (await readOutput('rpm', '-qp', '--requires', path)).split('\n');
    expect(requires).toContain('(jumpcloud-system-context-node or nodejs >= 1:18.17)');
    expect(requires).toContain('/bin/sh');
    expect(await readOutput('rpm', '-qp', '--qf', '%{URL}', path)).toBe(RELEASE.publisher.homepage);
  });

  test('the rpm contains no information about the build machine', async () => {
    const format = '%{BUILDHOST} %{BUILDTIME} %{PLATFORM} %{OPTFLAGS}.';
    expect(await readOutput('rpm', '-qp', '--qf', format, path)).toBe(
      `localhost ${RELEASE.time} noarch-linux .`,
    );
    const everything = await readOutput('rpm', '-qp', '--xml', path);
    expect(everything).toContain('jumpcloud-host.service');
    expect(everything).not.toContain(packed.directory);
    expect(everything).not.toContain(projectDirectory);
  });

  test.runIf(hasPrograms('rpmlint over the rpms', 'rpmlint'))(
    'rpmlint reports neither errors nor warnings about the rpm',
    async () => {
      const config = join(projectDirectory, 'packaging/rpmlint.toml');
      const { stdout } = await execa('rpmlint', ['--config', config, path], { reject: false });
      expect(stdout).toMatch(/ 0 errors, 0 warnings/);
    },
  );
});

describe('the list of contents (SBOM) of the modules', () => {
  const sbom = async () =>
    JSON.parse(await readFile(join(packed.directory, 'sbom.cdx.json'), 'utf8'));

  test('the executables, the packages, the collection and the SBOM have the same version', async () => {
    const { metadata, components } = await sbom();
    const { name = '' } = packed.built.modules[0] ?? {};
    const executable = join(packed.directory, 'modules', name);
    expect([
      await readOutput(executable, '--version'),
      description.version,
      packed.built.collection,
      metadata.component.version,
      components[0].version,
    ]).toEqual([
      `${name} 1.2.3`,
      '1.2.3',
      expect.stringMatching(/-1\.2\.3\.tar\.gz$/),
      '1.2.3',
      '1.2.3',
    ]);
  });

  test('the SBOM lists each executable with its checksum, and lists the dependencies that package.json declares', async () => {
    const { components, dependencies } = await sbom();
    for (const { name } of packed.built.modules) {
      const [hash] = components.find((one: { name: string }) => one.name === name).hashes;
      const sums = await readOutput('sha256sum', join(packed.directory, 'modules', name));
      expect(hash).toEqual({ alg: 'SHA-256', content: sums.split(' ')[0] });
      const { dependsOn } = dependencies.find((one: { ref: string }) => one.ref === name);
      expect(dependsOn, name).toContainEqual(expect.stringMatching(/^pkg:npm\/undici@6\./));
    }
    const libraries = components.filter((one: { type: string }) => one.type === 'library');
    const { dependencies: declared } = JSON.parse(
      await readFile(join(projectDirectory, 'package.json'), 'utf8'),
    );
    const found = libraries.map((one: Record<string, string>) => [one['name'], one['version']]);
    expect(Object.fromEntries(found)).toEqual(declared);
  });

  test('the SBOM names the commit and the tools of the build', async () => {
    const { properties, tools } = (await sbom()).metadata;
    expect(properties).toContainEqual({
      name: 'jumpcloud-system-context:commit',
      value: await readOutput('git', '-C', projectDirectory, 'rev-parse', 'HEAD'),
    });
    expect(tools.components.map((one: { name: string }) => one.name)).toEqual(['node', 'esbuild']);
  });
});

test.runIf(canPack.deb && canPack.rpm).each([
  ['in the past', RELEASE.time],
  ['in the future', Date.UTC(2099, 0) / 1000],
])(
  'a release dated %s has the same packages, byte for byte, when it is built twice',
  { timeout: 120_000 },
  async (_, time) => {
    const firstBuild = await BuiltPackages.make({ ...RELEASE, time });
    const secondBuild = await BuiltPackages.make({ ...RELEASE, time });
    const umask = process.umask();
    try {
      const first = [
        await firstBuild.deb(await firstBuild.modules()),
        await firstBuild.rpm(await firstBuild.modules()),
      ];
      // Neither the umask nor the time of day may change the packages.
      process.umask(0o077);
      const second = [
        await secondBuild.deb(await secondBuild.modules()),
        await secondBuild.rpm(await secondBuild.modules()),
      ];
      for (const [index, path] of first.entries()) {
        const bytes = await readFile(path);
        expect(bytes.equals(await readFile(second[index] ?? '')), path).toBe(true);
      }
    } finally {
      process.umask(umask);
      await firstBuild.remove();
      await secondBuild.remove();
    }
  },
);

describe('packageVersion', () => {
  const DEVELOPMENT_BUILDS = ['1.2.3-dev.20260101000000.g0123456', '1.2.3-dev.20260102000000.gabc'];
  const ORDERED = [
    '1.2.2',
    ...DEVELOPMENT_BUILDS,
    '1.2.3',
    '1.3.0-dev.20260103000000.g1',
    '1.3.0',
  ].map(packageVersion);
  const pairs = ORDERED.slice(1).map((later, index) => [ORDERED[index] ?? '', later] as const);

  test.runIf(canPack.deb).each(pairs)('dpkg sorts %s before %s', async (older, later) => {
    await readOutput('dpkg', '--compare-versions', `${older}-1`, 'lt', `${later}-1`);
  });

  test.runIf(canPack.rpm).each(pairs)('rpm sorts %s before %s', async (older, later) => {
    const compare = `%{lua: print(rpm.vercmp("${older}", "${later}"))}`;
    expect((await readOutput('rpm', '--eval', compare)).trim()).toBe('-1');
  });
});

describe('the pages in /usr/share/doc', () => {
  test('the pages in /usr/share/doc link only to each other and contain no images', () => {
    const pages = description.files.filter(({ path }) => path.endsWith('.md'));
    expect(pages.length).toBe(3);
    const beside = pages.map(({ path }) => basename(path));
    const text = pages.map((page) => ('content' in page ? String(page.content) : '')).join('\n');
    expect(text).toContain('## Stop and roll back a bad document');
    expect(text).not.toContain('![');
    const targets = [...text.matchAll(/\]\(([^)#]*)/g)].map(([, target = '']) => target);
    expect(targets).toContain('systemd.md');
    for (const target of targets) expect(['', ...beside]).toContain(target);
  });
});

describe('the manual pages', () => {
  const page = async (name: string) => {
    const file = description.files.find(({ path }) => path.endsWith(`/${name}.8.gz`));
    if (!file || !('content' in file))
      throw new Error(`The package has no manual page for ${name}.`);
    return gunzipSync(file.content).toString('utf8');
  };

  test.runIf(hasPrograms('the formatting of manual pages', 'man'))(
    'each manual page lists all options and return values, and man renders it without a warning',
    async () => {
      for (const { name } of packed.built.modules) {
        const { stdout, stderr } = await execa('man', ['--warnings', '-l', '-'], {
          input: await page(name),
          env: { MANWIDTH: '80', LC_ALL: 'C.UTF-8', MAN_KEEP_FORMATTING: '' },
        });
        // man warns about URLs that are wider than the page, but prints them in full.
        expect(
          stderr
            .split('\n')
            .filter((line) => !/can't break line$/.test(line))
            .join(''),
        ).toBe('');
        const { DOCUMENTATION, RETURN } = await readDocumentation(name);
        expect(stdout).toContain(DOCUMENTATION.short_description.split(' ').slice(0, 3).join(' '));
        for (const term of [...Object.keys(DOCUMENTATION.options), ...Object.keys(RETURN)]) {
          expect(stdout, name).toMatch(new RegExp(`^ +${term} +\\(`, 'm'));
        }
        expect(stdout).toContain(`${name} '{`);
        expect(stdout).toContain(`systemcontext.jumpcloud.${name}:`);
        expect(stdout).not.toMatch(/\b[BCILMU]\(|\\f/);
        expect(stdout).toContain('jumpcloud-system-context 1.2.3');
        expect(stdout).toContain('/usr/share/doc/jumpcloud-system-context/troubleshooting.md');
        const isOnHosts = stdout.includes('System Context API');
        if (isOnHosts && name !== 'jumpcloud_doctor') {
          expect(stdout, name).toMatch(/^SEE ALSO\n +jumpcloud_doctor\(8\)/m);
        }
      }
    },
  );

  test.runIf(hasPrograms('mandoc over the manual pages', 'mandoc'))(
    'mandoc finds no error in a manual page and reads its date',
    async () => {
      for (const { name } of packed.built.modules) {
        const input = await page(name);
        const words = ['-T', 'lint', '-W', 'warning'];
        expect((await execa('mandoc', words, { input, reject: false })).stdout, name).toBe('');
        expect(input).toMatch(/^\.TH [A-Z_]+ 8 2026-01-02 /);
      }
    },
  );
});

describe('the packaged scripts', () => {
  test.each(['deb/scripts', 'rpm/scripts', 'systemd/programs'])(
    'sh -n and shellcheck report nothing about the scripts in packaging/%s',
    async (name) => {
      const directory = join(projectDirectory, 'packaging', name);
      const files = await readdir(directory);
      expect(files.length).toBeGreaterThan(1);
      for (const file of files) await readOutput('sh', '-n', join(directory, file));
      if (!hasPrograms(`shellcheck over ${directory}`, 'shellcheck')) return;
      const paths = files.map((file) => join(directory, file));
      await readOutput('shellcheck', '--shell=sh', '--exclude=SC2086', ...paths);
    },
  );
});
