import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { developmentVersion, projectVersion } from '../../scripts/build/build-version.ts';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { makeRelease } from '../../scripts/package/make-release.ts';
import { readRelease } from '../../scripts/package/read-release.ts';
import { canPack, output } from './packed.ts';

const OPTIONS = [
  ['--repository', 'https://example.com/source'],
  ['--issues', 'https://example.com/issues'],
  ['--homepage', 'https://example.com/'],
  ['--documentation', 'https://example.com/documentation'],
] as const;
const CHANGELOG =
  '# Changelog\n\n## 1.2.3 (2026-12-01)\n\n- Add this.\n\n## 1.2.2 (2026-11-01)\n\n- Fix that.\n';

describe('readRelease and makeRelease', () => {
  test('a release has the links of the options and the date and changes of the changelog', () => {
    expect(readRelease(OPTIONS.flat(), '1.2.3', CHANGELOG)).toEqual({
      version: '1.2.3',
      time: Date.UTC(2026, 11, 1) / 1000,
      links: {
        repository: 'https://example.com/source',
        issues: 'https://example.com/issues',
        homepage: 'https://example.com/',
        documentation: 'https://example.com/documentation',
      },
      maintainer: undefined,
      changes: '- Add this.',
    });
  });

  test.each(OPTIONS.map(([word]) => word))('a release without %s is refused', (missing) => {
    const others = OPTIONS.filter(([word]) => word !== missing).flat();
    expect(() => readRelease(others, '1.2.3', CHANGELOG)).toThrow(`- ${missing} must be given`);
  });

  test.each([
    ['a link that is not an HTTP URL', [['--issues', 'mailto:x@example.com']], CHANGELOG],
    ['a maintainer without an email address', [['--maintainer', 'x']], CHANGELOG],
    ['a changelog without the version', [], CHANGELOG.replace('1.2.3', '1.2.4')],
    ['a changelog without its date', [], CHANGELOG.replace('2026-12-01', 'unreleased')],
    ['an unknown option', [['--repo', 'https://example.com']], CHANGELOG],
  ] as const)('a release with %s is refused', (_, more, changelog) => {
    expect(() => readRelease([...OPTIONS, ...more].flat(), '1.2.3', changelog)).toThrow();
  });

  test('scripts/release.ts lists all missing options', async () => {
    const tsx = join(projectDirectory, 'node_modules/.bin/tsx');
    const { exitCode, stderr } = await execa(tsx, ['scripts/release.ts'], {
      cwd: projectDirectory,
      reject: false,
    });
    expect(exitCode).toBe(1);
    for (const [word] of OPTIONS) expect(stderr).toContain(`- ${word} must be given`);
    expect(stderr).toContain('npm run release -- --repository URL');
  });

  test.runIf(canPack.deb && canPack.rpm)(
    'a release consists of all packages, their checksums and the release notes',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'release-'));
      try {
        const release = readRelease(OPTIONS.flat(), '1.2.3', CHANGELOG);
        const made = join(directory, 'release');
        await makeRelease(made, join(directory, 'dist'), release, { level: 0, runtime: false });
        expect((await readdir(made)).sort()).toEqual([
          'RELEASE-NOTES.md',
          'SHA256SUMS',
          'jumpcloud-system-context-1.2.3-1.noarch.rpm',
          'jumpcloud-system-context-1.2.3.tgz',
          'jumpcloud-system-context_1.2.3-1_all.deb',
          'systemcontext-jumpcloud-1.2.3.tar.gz',
        ]);
        await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: made });
        expect(await readFile(join(made, 'RELEASE-NOTES.md'), 'utf8')).toBe(
          '# jumpcloud-system-context 1.2.3\n\n- Add this.\n',
        );
        const collection = join(made, 'systemcontext-jumpcloud-1.2.3.tar.gz');
        const manifest = JSON.parse(await output('tar', 'xzOf', collection, 'MANIFEST.json'));
        expect(manifest.collection_info).toMatchObject({ version: '1.2.3', ...release.links });
      } finally {
        await rm(directory, { recursive: true });
      }
    },
  );
});

test('the version of a development build contains the time and id of its commit', async () => {
  const { version } = await developmentVersion();
  const commit = await output('git', '-C', projectDirectory, 'rev-parse', '--short=7', 'HEAD');
  const time = await output('git', '-C', projectDirectory, 'log', '-1', '--format=%ct');
  const stamp = new Date(Number(time) * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
  expect(version.replace(/\.modified$/, '')).toBe(
    `${await projectVersion()}-dev.${stamp}.g${commit}`,
  );
});
