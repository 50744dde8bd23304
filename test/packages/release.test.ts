import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { developmentVersion, readProjectVersion } from '../../scripts/build/build-version.ts';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { makeRelease } from '../../scripts/package/make-release.ts';
import { type ReleaseInputs, readRelease } from '../../scripts/package/read-release.ts';
import { verifyRepository } from '../../scripts/package/repository/build-repository.ts';
import { Signer } from '../../scripts/package/signer.ts';
import { Verifier } from '../../scripts/package/verifier.ts';
import { verifyRelease } from '../../scripts/package/verify-release.ts';
import { hasPrograms } from '../examples/has-programs.ts';
import { canPack, readOutput } from './packed.ts';
import { makeThrowAwayKey } from './throw-away-key.ts';

const SETTINGS = {
  maintainer: 'Example <packages@example.com>',
  owner: '@example/maintainers',
  repository: 'https://example.com/source',
  issues: 'https://example.com/issues',
  homepage: 'https://example.com/',
  documentation: 'https://example.com/documentation',
  packages: 'https://packages.example.com',
};
const INPUTS: ReleaseInputs = {
  args: [],
  version: '1.2.3',
  changelog:
    '# Changelog\n\n## 1.2.3 (2026-12-01)\n\n- Add this.\n\n## 1.2.2 (2026-11-01)\n\n- Fix that.\n',
  codeOwners: '# Comment\n* @example/maintainers\n',
  settings: SETTINGS,
  signingKey: 'a key',
};

describe('readRelease', () => {
  test('readRelease takes the publisher from the settings, and date and changes from the changelog', () => {
    expect(readRelease({ ...INPUTS, args: ['--earlier', 'a', '--earlier', 'b'] })).toEqual({
      version: '1.2.3',
      time: Date.UTC(2026, 11, 1) / 1000,
      publisher: SETTINGS,
      changes: '- Add this.',
      earlier: ['a', 'b'],
    });
  });

  test.each(Object.keys(SETTINGS))('a release with an empty %s is refused', (name) => {
    const settings = { ...SETTINGS, [name]: '' };
    expect(() => readRelease({ ...INPUTS, settings })).toThrow(
      `- packaging/publisher.json: ${name} must be `,
    );
  });

  test.each<[string, Partial<ReleaseInputs>, string]>([
    ['no signing key', { signingKey: '' }, 'Nothing is released unsigned'],
    ['a changelog without the version', { version: '1.2.4' }, 'no section for 1.2.4'],
    [
      'a changelog without its date',
      { changelog: INPUTS.changelog.replace('2026-12-01', 'unreleased') },
      'must have the release date',
    ],
    ['another owner in CODEOWNERS', { codeOwners: '* @someone\n' }, 'must have the line: * OWNER'],
    ['an unknown option', { args: ['--repository', 'https://example.com'] }, '--repository'],
  ])('a release with %s is refused', (_, changed, message) => {
    expect(() => readRelease({ ...INPUTS, ...changed })).toThrow(message);
  });

  test('scripts/release.ts prints its usage and all problems of its input', async () => {
    const tsx = join(projectDirectory, 'node_modules/.bin/tsx');
    const { exitCode, stderr } = await execa(tsx, ['scripts/release.ts'], {
      cwd: projectDirectory,
      env: { SIGNING_KEY: '' },
      reject: false,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('- SIGNING_KEY must contain the secret key');
    expect(stderr).toContain('npm run release -- [--earlier DIRECTORY]');
  });
});

const canSign = hasPrograms('the tests of signatures', 'gpg', 'gpgv', 'rpmsign', 'createrepo_c');

test.runIf(canSign)('Signer.open refuses a text that is not exactly one secret key', async () => {
  await expect(Signer.open('-----BEGIN PGP PRIVATE KEY BLOCK-----\n')).rejects.toThrow(
    'SIGNING_KEY must be exactly one secret key',
  );
});

test.runIf(canSign && canPack.deb && canPack.rpm)(
  'makeRelease signs and verifies packages, checksums and repositories, and is reproducible',
  { timeout: 180_000 },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'release-'));
    const signer = await Signer.open(await makeThrowAwayKey('secret'), 'secret');
    const verifier = await Verifier.open(signer.publicKey);
    const make = async (name: string, inputs = INPUTS) => {
      const directories = {
        dist: join(directory, name, 'dist'),
        release: join(directory, name, 'release'),
        repository: join(directory, name, 'repository'),
      };
      const options = { level: 0, includesRuntime: false };
      await makeRelease(directories, readRelease(inputs), signer, options);
      return directories;
    };
    try {
      const { release, repository } = await make('first');
      const artefacts = [
        'jumpcloud-system-context-1.2.3-1.noarch.rpm',
        'jumpcloud-system-context-1.2.3.tgz',
        'jumpcloud-system-context_1.2.3-1_all.deb',
        'systemcontext-jumpcloud-1.2.3.tar.gz',
      ];
      const texts = ['RELEASE-NOTES.md', 'jumpcloud-system-context.asc'];
      const sums = ['SHA256SUMS', 'SHA256SUMS.asc'];
      const sboms = artefacts.map((name) => `${name}.cdx.json`);
      expect((await readdir(release)).sort()).toEqual(
        [...artefacts, ...sboms, ...texts, ...sums].sort(),
      );
      await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: release });
      const notes = await readFile(join(release, 'RELEASE-NOTES.md'), 'utf8');
      expect(notes).toMatch(/^# jumpcloud-system-context 1\.2\.3\n\n- Add this\.\n/);
      expect(notes).toContain(signer.fingerprint);
      const collection = join(release, 'systemcontext-jumpcloud-1.2.3.tar.gz');
      const manifest = JSON.parse(await readOutput('tar', 'xzOf', collection, 'MANIFEST.json'));
      expect(manifest.collection_info).toMatchObject({
        version: '1.2.3',
        authors: [SETTINGS.maintainer],
        repository: SETTINGS.repository,
      });
      const deb = join(release, 'jumpcloud-system-context_1.2.3-1_all.deb');
      expect(await readOutput('dpkg-deb', '--field', deb, 'Maintainer')).toBe(SETTINGS.maintainer);

      const sbom = JSON.parse(await readFile(`${deb}.cdx.json`, 'utf8'));
      const sum = (await readOutput('sha256sum', deb)).split(' ')[0];
      expect(sbom.metadata.component.hashes).toEqual([{ alg: 'SHA-256', content: sum }]);
      expect(sbom.metadata.tools.components.map((tool: { name: string }) => tool.name)).toEqual([
        'node',
        'esbuild',
        'dpkg-deb',
        'xz',
      ]);

      const second = await make('second');
      await execa('diff', ['-r', release, second.release]);
      await execa('diff', ['-r', repository, second.repository]);

      const next = {
        ...INPUTS,
        version: '1.2.4',
        changelog: `# Changelog\n\n## 1.2.4 (2026-12-02)\n\n- Add more.\n`,
      };
      const third = await make('third', { ...next, args: ['--earlier', release] });
      expect((await readdir(third.release)).join()).not.toContain('1.2.3');
      const index = 'apt/dists/stable/main/binary-amd64/Packages';
      const packages = await readFile(join(third.repository, index), 'utf8');
      expect(packages.match(/^Version: .*/gm)).toEqual(['Version: 1.2.3-1', 'Version: 1.2.4-1']);

      await appendFile(join(second.release, 'jumpcloud-system-context-1.2.3.tgz'), ' ');
      await expect(verifyRelease(second.release, verifier)).rejects.toThrow('SHA256SUMS');
      const tampered = make('fourth', { ...next, args: ['--earlier', second.release] });
      await expect(tampered).rejects.toThrow('SHA256SUMS');
      const otherIndex = join(second.repository, 'apt/dists/stable/main/binary-arm64/Packages');
      await appendFile(otherIndex, '\n');
      await expect(verifyRepository(second.repository, verifier)).rejects.toThrow(otherIndex);
      const repomd = join(repository, 'dnf/repodata/repomd.xml');
      await writeFile(
        repomd,
        (await readFile(repomd, 'utf8')).replace('<revision>', '<revision>1'),
      );
      await expect(verifyRepository(repository, verifier)).rejects.toThrow('BAD signature');
    } finally {
      await signer.close();
      await verifier.close();
      await rm(directory, { recursive: true });
    }
  },
);

test('the version of a development build contains the time and id of its commit', async () => {
  const { version } = await developmentVersion();
  const commit = await readOutput('git', '-C', projectDirectory, 'rev-parse', '--short=7', 'HEAD');
  const time = await readOutput('git', '-C', projectDirectory, 'log', '-1', '--format=%ct');
  const stamp = new Date(Number(time) * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
  expect(version.replace(/\.modified$/, '')).toBe(
    `${await readProjectVersion()}-dev.${stamp}.g${commit}`,
  );
});
