import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { hasPrograms } from './has-programs.ts';
import { type Sandbox, test } from './sandbox.ts';

const SCRIPT = 'systemd/install.sh';
const PACKAGING_DIRECTORY = join(projectDirectory, 'packaging/systemd');
const UNIT_DIRECTORY = '/etc/systemd/system';
const PROGRAM_DIRECTORY = '/usr/local/lib/jumpcloud-system-context';

/** Lists the packaged files of a directory. */
const list = async (directory: string) =>
  (await readdir(join(PACKAGING_DIRECTORY, directory))).map((name) => `${directory}/${name}`);

/** Runs systemd/install.sh in the sandbox, with the units and programs of the package. */
async function install(sandbox: Sandbox) {
  const script = await sandbox.place(SCRIPT);
  for (const file of [...(await list('units')), ...(await list('programs'))]) {
    const text = await readFile(join(PACKAGING_DIRECTORY, file), 'utf8');
    await sandbox.write(`/packaging/systemd/${file}`, sandbox.move(text));
  }
  // As after an installation with npm, jumpcloud_host is not in /usr/bin.
  await sandbox.replaceProgram('jumpcloud_host', 'true');
  await sandbox.replaceProgram('systemctl', `echo "$*" >>'${sandbox.path('/systemctl')}'`);
  return execa(script, { env: sandbox.env, reject: false });
}

test('systemd/install.sh installs units and programs, and adapts the paths in them to the npm package', async ({
  sandbox,
}) => {
  expect(await install(sandbox)).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await readFile(sandbox.path('/systemctl'), 'utf8')).toBe('daemon-reload\n');
  const pairs = [
    [UNIT_DIRECTORY, 'units'],
    [PROGRAM_DIRECTORY, 'programs'],
  ] as const;
  for (const [installed, packaged] of pairs) {
    const names = await readdir(join(PACKAGING_DIRECTORY, packaged));
    expect((await readdir(sandbox.path(installed))).sort()).toEqual(names.sort());
    for (const name of names) {
      const expected = (await readFile(join(PACKAGING_DIRECTORY, packaged, name), 'utf8'))
        .replace(/^Documentation=.*\n/gm, '')
        .replaceAll('/usr/lib/jumpcloud-system-context/', `${sandbox.path(PROGRAM_DIRECTORY)}/`)
        .replaceAll('/usr/bin/jumpcloud_', sandbox.path('/replaced/jumpcloud_'))
        .replaceAll('/etc/jumpcloud', sandbox.path('/etc/jumpcloud'));
      expect(await readFile(sandbox.path(`${installed}/${name}`), 'utf8')).toBe(expected);
    }
  }
});

test('systemd/install.sh fails and changes nothing if a package has installed the units', async ({
  sandbox,
}) => {
  await sandbox.write('/usr/lib/systemd/system/jumpcloud-host.service', '');
  const { exitCode, stderr } = await install(sandbox);
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/^A package has installed the units/),
  });
  expect(await readdir(sandbox.path('/'))).not.toContain('systemctl');
});

test.runIf(hasPrograms('systemd-analyze verify over the installed units', 'systemd-analyze'))(
  'systemd-analyze verify accepts the installed units',
  async ({ sandbox }) => {
    await install(sandbox);
    const units = (await readdir(sandbox.path(UNIT_DIRECTORY))).map((name) =>
      sandbox.path(`${UNIT_DIRECTORY}/${name}`),
    );
    const words = ['verify', '--man=no', '--recursive-errors=no', ...units];
    const { stdout, stderr, exitCode } = await execa('systemd-analyze', words, { reject: false });
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 0 });
  },
);
