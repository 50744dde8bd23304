import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executableHeader } from '../../scripts/build/executable-header.ts';

/** The shells that /bin/sh may be. */
const shells = [
  ['sh'],
  ['dash'],
  ['bash', '--posix'],
  ['busybox', 'sh'],
  ['ksh'],
] as const satisfies readonly (readonly [string, ...string[]])[];

function isInstalled(command: string): boolean {
  return (
    execaSync('sh', ['-c', 'command -v "$1"', 'sh', command], { reject: false }).exitCode === 0
  );
}

let folder: string;
/** The header in front of a program that prints how it was called. */
let executable: string;
/** Stands for the folders that are searched after PATH, so that this machine's do not count. */
let usualPlace: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'header-test-'));
  usualPlace = join(folder, 'usual');
  executable = join(folder, 'module');
  const header = (await executableHeader()).replace(
    "for folder in /usr/local/bin /opt/nodejs/bin /opt/node*''/bin /snap/bin /opt/homebrew/bin; do",
    `for folder in ${usualPlace}; do`,
  );
  expect(header).toContain(usualPlace);
  const program = 'console.log(JSON.stringify({ words: process.argv.slice(2) }));\n';
  await writeFile(executable, header + program);
  await chmod(executable, 0o755);
});

afterAll(() => rm(folder, { recursive: true }));

/** A folder with a `node` in it that runs this one, pretending to be the given version. */
async function nodeOf(version: string, place: string, name = 'node'): Promise<string> {
  await mkdir(place, { recursive: true });
  const pretence = join(place, 'pretend.cjs');
  await writeFile(
    pretence,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
  );
  const node = join(place, name);
  await writeFile(node, `#!/bin/sh\nexec '${process.execPath}' -r '${pretence}' "$@"\n`);
  await chmod(node, 0o755);
  return node;
}

interface Environment {
  readonly PATH?: string;
  readonly HOME?: string;
  readonly JUMPCLOUD_NODE?: string;
  readonly LC_ALL?: string;
}

/** Runs a shell by its full path, with nothing in the environment but what is given. */
async function run(
  [shell, ...words]: readonly [string, ...string[]],
  environment: Environment,
  args: readonly string[] = [],
  file = executable,
) {
  const path = execaSync('sh', ['-c', 'command -v "$1"', 'sh', shell]).stdout;
  const { stdout, exitCode, stderr } = await execa(path, [...words, file, ...args], {
    env: { HOME: '/nonexistent', ...environment },
    extendEnv: false,
    reject: false,
    cwd: folder,
  });
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toHaveLength(1);
  return { result: JSON.parse(stdout), exitCode };
}

function failure(message: RegExp | string) {
  return {
    exitCode: 1,
    result: {
      changed: false,
      failed: true,
      msg: message instanceof RegExp ? expect.stringMatching(message) : message,
      warnings: [],
      error: { code: 'local_action_failed' },
    },
  };
}

describe.each(shells.filter(([shell]) => isInstalled(shell)).map((shell) => ({ shell })))(
  'the header under $shell',
  ({ shell }) => {
    it('answers when there is no Node.js anywhere', async () => {
      expect(await run(shell, { PATH: '/nonexistent' })).toEqual(
        failure(/^Node\.js 18\.17 or later is needed .*PATH=\/nonexistent .*JUMPCLOUD_NODE=\//),
      );
    });

    it('answers in valid JSON whatever PATH holds', async () => {
      const PATH = '/a"b\\c\td\ne\u0001:/ümläut:/x y:$(id)`id`%s*:\u001b[31m';
      const { result } = await run(shell, { PATH, LC_ALL: 'C.UTF-8' });
      expect(result.msg).toMatch(
        /PATH=\/a"b\\c\?d\?e\?:\/\?\?ml\?\?ut:\/x y:\$\(id\)`id`%s\*:\?\[31m and for/,
      );
    });

    it('finds node in PATH, and nodejs when there is no node', async () => {
      const node = await nodeOf('20.0.0', join(folder, 'with blank'));
      const nodejs = await nodeOf('20.0.0', join(folder, 'debian'), 'nodejs');
      for (const found of [node, nodejs]) {
        const PATH = `/nonexistent:${dirname(found)}`;
        const { result } = await run(shell, { PATH }, ['{"a": "b c"}', '--check', '-']);
        expect(result).toEqual({ words: ['{"a": "b c"}', '--check', '-'] });
      }
    });

    it('passes over a file in PATH that cannot be executed', async () => {
      const useless = join(folder, 'useless');
      await mkdir(join(useless, 'nodejs'), { recursive: true });
      await writeFile(join(useless, 'node'), '');
      const node = await nodeOf('20.0.0', join(folder, 'useful'));
      const { exitCode } = await run(shell, { PATH: `${useless}:${dirname(node)}` });
      expect(exitCode).toBe(0);
    });

    it("finds Node.js in a usual place and nvm's newest in HOME", async () => {
      await nodeOf('20.0.0', usualPlace);
      const usual = await run(shell, { PATH: '/nonexistent' });
      await rm(usualPlace, { recursive: true });
      expect(usual.exitCode).toBe(0);

      const HOME = join(folder, 'home');
      const versions = join(HOME, '.nvm/versions/node');
      await nodeOf('9.1.0', join(versions, 'v9.1.0/bin'));
      await nodeOf('12.1.0', join(versions, 'v12.1.0/bin'));
      expect((await run(shell, { PATH: '/nonexistent', HOME })).result.msg).toContain('is 12.1.0');
      await nodeOf('20.1.0', join(versions, 'v20.1.0/bin'));
      expect((await run(shell, { PATH: '/nonexistent', HOME })).exitCode).toBe(0);
      await rm(HOME, { recursive: true });
    });

    it('lets JUMPCLOUD_NODE decide alone', async () => {
      const good = await nodeOf('20.0.0', join(folder, 'chosen'));
      const PATH = dirname(good);
      expect((await run(shell, { PATH: '/nonexistent', JUMPCLOUD_NODE: good })).exitCode).toBe(0);
      for (const bad of ['/no"where/node', folder, join(folder, 'chosen/pretend.cjs')]) {
        const { result, exitCode } = await run(shell, { PATH, JUMPCLOUD_NODE: bad });
        expect(exitCode).toBe(1);
        expect(result.msg).toContain(`an executable file at JUMPCLOUD_NODE=${bad}. Correct`);
      }
    });

    it('counts an empty JUMPCLOUD_NODE as none', async () => {
      const PATH = dirname(await nodeOf('20.0.0', join(folder, 'chosen')));
      expect((await run(shell, { PATH, JUMPCLOUD_NODE: '' })).exitCode).toBe(0);
    });

    it.each([
      ['0.10.48', false],
      ['8.17.0', false],
      ['16.20.2', false],
      ['18.9.9', false],
      ['18.16.1', false],
      ['18.17.0', true],
      ['18.20.8', true],
      ['20.0.0', true],
      ['100.0.0', true],
    ])('with Node.js %s: fit is %s', async (version, fit) => {
      const node = await nodeOf(version, join(folder, `node-${version}`));
      const answer = await run(shell, { PATH: dirname(node) });
      if (fit) expect(answer).toEqual({ exitCode: 0, result: { words: [] } });
      else
        expect(answer).toEqual(failure(new RegExp(`18\\.17 or later .* is ${version}\\. Install`)));
    });

    it('is found through a blank, a leading dash, a symlink and a relative path', async () => {
      const place = join(folder, 'odd place');
      await mkdir(place, { recursive: true });
      await copyFile(executable, join(place, '-dash'));
      await rm(join(folder, 'link'), { force: true });
      await symlink(join(place, '-dash'), join(folder, 'link'));
      const PATH = dirname(process.execPath);
      for (const file of [join(place, '-dash'), './odd place/-dash', 'link', './link']) {
        const { result } = await run(shell, { PATH }, ['{}'], file);
        expect(result).toEqual({ words: ['{}'] });
      }
    });
  },
);

it('is started by its first line, also when found through PATH', async () => {
  const PATH = `${folder}:${dirname(process.execPath)}`;
  const { stdout } = await execa('module', ['{}'], { env: { PATH } });
  expect(JSON.parse(stdout)).toEqual({ words: ['{}'] });
});

it('runs as CommonJS below a package.json that says otherwise', async () => {
  const place = join(folder, 'esm');
  await mkdir(place);
  await writeFile(join(place, 'package.json'), '{"type":"module"}');
  await writeFile(
    join(place, 'module'),
    `${await executableHeader()}console.log(JSON.stringify(typeof require));\n`,
  );
  const { stdout } = await execa('sh', [join(place, 'module')]);
  expect(JSON.parse(stdout)).toBe('function');
});

it('costs no process beside Node.js: the shell becomes it', async () => {
  const program = 'console.log(JSON.stringify(process.pid));\n';
  const file = join(folder, 'pid');
  await writeFile(file, (await executableHeader()) + program);
  const child = execa('sh', [file]);
  expect(JSON.parse((await child).stdout)).toBe(child.pid);
});
