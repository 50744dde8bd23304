import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { Signer } from '../../scripts/package/signer.ts';
import { Verifier } from '../../scripts/package/verifier.ts';
import { hasPrograms } from '../examples/has-programs.ts';
import { copyDebianRoot, makeDebianRoot, runInChroot } from './debian-root.ts';
import { canPack } from './packed.ts';
import { StaticServer } from './static-server.ts';
import { makeThrowAwayKey } from './throw-away-key.ts';
import { makeDistributionRpm, TinyReleases, VERSION_FILE } from './tiny-releases.ts';

const canMakeRepositories =
  canPack.deb && canPack.rpm && hasPrograms('the repositories', 'gpg', 'rpmsign', 'createrepo_c');
const NAME = 'jumpcloud-system-context';
const KEY = `${NAME}.asc`;

let signer: Signer;
let otherSigner: Signer;
let releases: TinyReleases;
let server: StaticServer;
/**
 * The names of three repositories: one as released, one signed with another key, and one with a
 * changed package.
 */
const [GOOD, WRONG_KEY, TAMPERED] = ['good', 'wrong-key', 'tampered'] as const;

describe.runIf(canMakeRepositories)('the repositories', () => {
  beforeAll(async () => {
    signer = await Signer.open(await makeThrowAwayKey());
    otherSigner = await Signer.open(await makeThrowAwayKey());
    releases = await TinyReleases.make(signer);
    server = await StaticServer.start(releases.directory);
    const good = await releases.repository(GOOD, signer);
    const other = await releases.repository(WRONG_KEY, otherSigner);
    // The repository offers the project's key, which did not sign the index.
    await cp(join(good, KEY), join(other, KEY));
    const tampered = await releases.repository(TAMPERED, signer);
    await flipByte(join(tampered, `apt/pool/${NAME}_1.1.0-1_all.deb`));
    await flipByte(join(tampered, `dnf/packages/${NAME}-1.1.0-1.noarch.rpm`));
  }, 180_000);
  afterAll(async () => {
    await server?.stop();
    await releases?.remove();
    await signer?.close();
    await otherSigner?.close();
  });

  test('the same packages, time and key give the same repositories, byte for byte', async () => {
    const again = await releases.repository('again', signer);
    await execa('diff', ['-r', join(releases.directory, GOOD), again]);
    const files = await readdir(again, { recursive: true });
    expect(files.filter((file) => /\.(deb|rpm)$/.test(file))).toHaveLength(6);
  });

  test('an rpm without a signature is refused, even if its digests are correct', async () => {
    const rpm = await makeDistributionRpm(releases.directory);
    const verifier = await Verifier.open(signer.publicKey);
    await expect(verifier.verifyRpm(rpm)).rejects.toThrow('is not signed');
    await verifier.close();
  });

  describe.each(['bookworm', 'trixie'] as const)('apt of Debian %s', async (suite) => {
    const debian = await makeDebianRoot(suite, 'amd64');
    let root: string;
    const inside = (line: string) => runInChroot(root, ['sh', '-euc', line]);
    const installed = () => readFile(join(root, VERSION_FILE), 'utf8');
    /** Runs the lines of docs/install.md that add the repository. */
    const addRepository = async (url: string) => inside(await readDocumentedCommands('apt', url));
    beforeAll(async () => {
      if (debian === undefined) return;
      root = await copyDebianRoot(debian);
      await execa('sh', [
        '-c',
        `rm -rf ${root}/etc/apt/sources.list*; mkdir ${root}/etc/apt/sources.list.d`,
      ]);
      await cp(join(releases.directory, GOOD), join(root, 'srv/repository'), { recursive: true });
    }, 120_000);
    afterAll(async () => root && (await rm(root, { recursive: true })));

    test.runIf(debian)(
      'apt installs from http and file URLs, keeps a pinned version, upgrades and rolls back',
      async () => {
        expect(await addRepository(`${server.url}/${GOOD}`)).toMatchObject({ exitCode: 0 });
        expect(await installed()).toBe('1.1.0');
        const back = await inside(`apt-get install -y --allow-downgrades ${NAME}=1.0.0-1`);
        expect(back, back.stderr).toMatchObject({ exitCode: 0 });
        expect(await installed()).toBe('1.0.0');
        await inside(`apt-mark hold ${NAME} && apt-get upgrade -y`);
        expect(await installed()).toBe('1.0.0');
        const upgrade = await inside(`apt-mark unhold ${NAME} && apt-get upgrade -y`);
        expect(upgrade, upgrade.stderr).toMatchObject({ exitCode: 0 });
        expect(await installed()).toBe('1.1.0');

        await inside(`apt-get purge -y ${NAME}`);
        const sources = join(root, `etc/apt/sources.list.d/${NAME}.sources`);
        const text = await readFile(sources, 'utf8');
        await writeFile(sources, text.replace(/^URIs: .*/m, 'URIs: file:/srv/repository/apt'));
        const fromFile = await inside(`apt-get update && apt-get install -y ${NAME}`);
        expect(fromFile, fromFile.stderr).toMatchObject({ exitCode: 0 });
        expect(await installed()).toBe('1.1.0');
      },
      120_000,
    );

    test.runIf(debian)(
      'a key is not installed if its checksum differs from the documented checksum',
      async () => {
        const { url } = server;
        await inside(
          `apt-get purge -y ${NAME}; rm -f /etc/apt/keyrings/* /etc/apt/sources.list.d/*`,
        );
        const lines = await readDocumentedCommands('apt', `${url}/${GOOD}`, '0'.repeat(64));
        // Continues after a failed line, like a person who overlooks the failure.
        expect((await inside(`set +e\n${lines}`)).exitCode).not.toBe(0);
        expect(await readdir(join(root, 'etc/apt/keyrings'))).not.toContain(KEY);
        await expect(installed()).rejects.toThrow('ENOENT');
      },
    );

    test.runIf(debian)('apt refuses an index that another key signed', async () => {
      const { exitCode, stderr } = await addRepository(`${server.url}/${WRONG_KEY}`);
      expect(exitCode).toBe(100);
      expect(stderr).toMatch(/NO_PUBKEY|Missing key/);
    });

    test.runIf(debian)('apt refuses a package that was changed after its release', async () => {
      await inside(`apt-get clean; dpkg --purge ${NAME}`);
      const { exitCode, stderr } = await addRepository(`${server.url}/${TAMPERED}`);
      expect(exitCode).toBe(100);
      expect(stderr).toContain('Hash Sum mismatch');
      await expect(installed()).rejects.toThrow('ENOENT');
    });
  });

  describe.runIf(hasPrograms('the repository for dnf', 'dnf'))('dnf', () => {
    let root: string;
    const installed = () => readFile(join(root, VERSION_FILE), 'utf8');
    const dnf = (...words: string[]) =>
      execa('dnf', ['--assumeyes', '--installroot', root, '--releasever=1', ...words], {
        reject: false,
        env: { LC_ALL: 'C' },
      });
    /**
     * Makes a root directory for dnf with the repository. Installs one package there, which stands
     * in for the packages of a distribution.
     */
    const newRoot = async (url: string) => {
      root = await mkdtemp(join(tmpdir(), 'dnf-'));
      await mkdir(join(root, 'etc/yum.repos.d'), { recursive: true });
      await mkdir(join(root, 'etc/pki/rpm-gpg'), { recursive: true });
      const lines = (await readDocumentedCommands('dnf', url)).replaceAll('/etc/', `${root}/etc/`);
      await execa('sh', ['-euc', lines.replace(/^dnf .*/m, '')]);
      const stub = await makeDistributionRpm(releases.directory);
      expect(await dnf('--disablerepo=*', 'install', stub)).toMatchObject({ exitCode: 0 });
      return root;
    };

    test('dnf installs from http and file URLs, keeps a pinned version, upgrades and rolls back', async () => {
      await newRoot(`${server.url}/${GOOD}`);
      const first = await dnf('install', NAME);
      expect(first, first.stderr).toMatchObject({ exitCode: 0 });
      expect(await installed()).toBe('1.1.0');
      expect(await dnf('downgrade', NAME)).toMatchObject({ exitCode: 0 });
      expect(await installed()).toBe('1.0.0');
      await dnf('upgrade', `--exclude=${NAME}`);
      expect(await installed()).toBe('1.0.0');
      expect(await dnf('upgrade')).toMatchObject({ exitCode: 0 });
      expect(await installed()).toBe('1.1.0');

      const file = `file://${releases.directory}/${GOOD}`;
      await dnf('remove', NAME);
      const options = [
        `--setopt=${NAME}.baseurl=${file}/dnf`,
        `--setopt=${NAME}.gpgkey=${file}/${KEY}`,
      ];
      const fromFile = await dnf(...options, 'install', `${NAME}-1.0.0`);
      expect(fromFile, fromFile.stderr).toMatchObject({ exitCode: 0 });
      expect(await installed()).toBe('1.0.0');
      await rm(root, { recursive: true });
    }, 180_000);

    test.each([
      ['an index that another key signed', WRONG_KEY, /signature|GPG/i],
      ['a package that was changed after its release', TAMPERED, /checksum/i],
    ])(
      'dnf refuses %s',
      async (_, name, reason) => {
        await newRoot(`${server.url}/${name}`);
        const { exitCode, stderr, stdout } = await dnf('install', NAME);
        expect(exitCode).toBe(1);
        expect(stderr + stdout).toMatch(reason);
        await expect(installed()).rejects.toThrow('ENOENT');
        await rm(root, { recursive: true });
      },
      60_000,
    );
  });
});

/** Returns a block of commands of docs/install.md, with the address and key of a repository. */
async function readDocumentedCommands(
  packageManager: 'apt' | 'dnf',
  url: string,
  keyChecksum = createHash('sha256').update(signer.publicKey).digest('hex'),
): Promise<string> {
  const page = await readFile(join(projectDirectory, 'docs/install.md'), 'utf8');
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
  const block = blocks.find((one) => one.includes(`$REPOSITORY/${packageManager}"`)) ?? '';
  return block
    .replace(/^REPOSITORY=.*/m, `REPOSITORY=${url}`)
    .replace(/^KEY_SHA256=.*/m, `KEY_SHA256=${keyChecksum}`);
}

/** Changes one byte in the middle of a file. */
async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(path, bytes);
}
