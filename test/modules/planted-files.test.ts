import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { type Answer, executablePath, type ModuleName } from '../harness/executable.ts';
import { test as base } from '../harness/fixture.ts';
import { isRoot } from '../harness/is-root.ts';
import { fetchedNodes, nodePath } from '../harness/nodes.ts';

/** The running Node.js and the versions that `npm run setup:nodes` has fetched. */
const NODES: readonly (readonly [version: string, path: string])[] = [
  [process.versions.node, process.execPath],
  ...fetchedNodes()
    .filter((version) => version !== process.versions.node)
    .map((version) => [version, nodePath(version)] as const),
];

const EVIL_CODE = 'console.log("evil"); process.exit(0);\n';
const canTrace = execaSync('strace', ['-o', '/dev/null', 'true'], { reject: false }).exitCode === 0;

let directory: string;
let emulator: Emulator;

base.beforeAll(async ({ emulator: shared }) => {
  directory = await mkdtemp(join(tmpdir(), 'planted-files-'));
  emulator = shared;
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** Files that an attacker can plant in a writable directory. */
const PLANTS: readonly [what: string, plant: (place: string) => Promise<unknown>][] = [
  [
    'a package.json that redirects every path',
    async (place) => {
      await writeFile(
        join(place, 'package.json'),
        '{"name":"","exports":{"./*":"./evil.js"},"imports":{"#*":"./evil.js"}}',
      );
      await writeFile(join(place, 'evil.js'), EVIL_CODE);
    },
  ],
  [
    'a package.json of type module',
    (place) => writeFile(join(place, 'package.json'), '{"type":"module"}'),
  ],
  [
    'a package.json that is not JSON',
    (place) => writeFile(join(place, 'package.json'), '{garbage'),
  ],
  ['a package.json that is a FIFO', (place) => execa('mkfifo', [join(place, 'package.json')])],
  [
    'packages named like Node.js modules in node_modules',
    async (place) => {
      for (const name of ['fs', 'v8', 'module', 'undici', 'zod']) {
        await mkdir(join(place, 'node_modules', name), { recursive: true });
        await writeFile(join(place, 'node_modules', name, 'index.js'), EVIL_CODE);
      }
    },
  ],
  [
    'files that Node.js has options for',
    async (place) => {
      await writeFile(join(place, '.env'), 'NODE_OPTIONS=--require=./evil.js\n');
      await writeFile(join(place, 'node.config.json'), '{"nodeOptions":{"require":["./evil.js"]}}');
      await writeFile(join(place, 'evil.js'), EVIL_CODE);
    },
  ],
];

describe.each(NODES)('a module with Node.js %s', (_, node) => {
  base.each(PLANTS)(
    'a module in the same directory or a subdirectory ignores %s',
    async (_what, plant) => {
      const place = await mkdtemp(join(directory, 'plant-'));
      const subdirectory = join(place, 'below');
      await mkdir(subdirectory);
      await plant(place);
      for (const cwd of [place, subdirectory]) {
        await copyFile(executablePath('jumpcloud_system'), join(cwd, 'module'));
        const result = await execa('./module', ['--version'], {
          cwd,
          env: { JUMPCLOUD_NODE: node },
          timeout: 10_000,
          reject: false,
        });
        expect(result.stdout).toMatch(/^jumpcloud_system \d/);
        expect(result.stderr).toBe('');
      }
    },
  );

  base('a module loads and writes no file that environment variables name', async () => {
    const place = await mkdtemp(join(directory, 'variables-'));
    const evil = join(place, 'evil.cjs');
    await writeFile(evil, EVIL_CODE);
    const written = join(place, 'written');
    const env = {
      JUMPCLOUD_NODE: node,
      NODE_OPTIONS: `--require ${evil}`,
      NODE_PATH: place,
      NODE_REPL_EXTERNAL_MODULE: evil,
      NODE_COMPILE_CACHE: written,
      NODE_V8_COVERAGE: written,
      NODE_REDIRECT_WARNINGS: written,
      NODE_ICU_DATA: place,
      NODE_CHANNEL_FD: '99',
      NODE_UNIQUE_ID: '1',
      OPENSSL_CONF: evil,
    };
    const result = await execa(executablePath('jumpcloud_system'), ['--version'], {
      env,
      reject: false,
    });
    expect(result.stdout).toMatch(/^jumpcloud_system \d/);
    expect(result.stderr).toBe('');
    expect(existsSync(written)).toBe(false);
  });

  base('a module that is run by a relative path loads its chunks', async () => {
    const host = await emulator.enrol();
    const place = await mkdtemp(join(directory, 'relative-'));
    await copyFile(executablePath('jumpcloud_system_info'), join(place, 'module'));
    emulator.faults.add({ fault: { kind: 'status', status: 503 }, times: 1 });
    const options = JSON.stringify({ agent_dir: host.agentDir, api_url: emulator.url });
    const env = { JUMPCLOUD_NODE: node };
    const { stdout } = await execa('./module', [options], { cwd: place, env, reject: false });
    expect(JSON.parse(stdout)).toMatchObject({ changed: false, enrolled: true });
  });

  base.runIf(canTrace)('a module opens no package.json and no node_modules', async () => {
    const host = await emulator.enrol();
    const place = await mkdtemp(join(directory, 'traced-'));
    await mkdir(join(place, 'node_modules'));
    await writeFile(join(place, 'package.json'), '{}');
    const options = JSON.stringify({ agent_dir: host.agentDir, api_url: emulator.url });
    // The 503 causes a retry, which loads an extra chunk of the executable.
    emulator.faults.add({ fault: { kind: 'status', status: 503 }, times: 1 });
    const trace = join(directory, 'trace');
    const { stdout } = await execa(
      'strace',
      [
        '-f',
        '-e',
        'trace=file',
        '-s',
        '4096',
        '-o',
        trace,
        executablePath('jumpcloud_system_info'),
        options,
      ],
      { cwd: place, env: { JUMPCLOUD_NODE: node } },
    );
    expect(JSON.parse(stdout)).toMatchObject({ enrolled: true });
    const real = await realpath(node);
    const lines = (await readFile(trace, 'utf8'))
      .split('\n')
      .filter((line) => !line.includes('execve('));
    expect(lines.length).toBeGreaterThan(20);
    const names = lines.map((line) => line.replaceAll(real, '').replaceAll(node, ''));
    expect(names.filter((line) => /package\.json|node_modules/.test(line))).toEqual([]);
    // The shell and Node.js look up the path of the working directory. This lookup opens no planted
    // file.
    const touched = names.filter((line) => line.includes(`"${place}`) && !/getcwd\(/.test(line));
    expect(touched.filter((line) => !line.includes(`"${place}",`))).toEqual([]);
  });
});

describe.runIf(isRoot)('modules in an agent directory that someone else can write to', () => {
  const NAMES = ['.jumpcloud-system.lock', '.removed-from-jumpcloud', '.removing-from-jumpcloud'];
  /** The number of process ids for which a temporary lock file is planted. */
  const PIDS = 2000;
  const preciousPaths: string[] = [];

  /** Creates a file outside the agent directory. No module may change the file. */
  async function createPreciousFile(): Promise<string> {
    const path = join(await mkdtemp(join(directory, 'precious-')), 'file');
    await writeFile(path, 'precious');
    preciousPaths.push(path);
    return path;
  }

  /**
   * Plants something at every path that modules write, including paths that end with a process id.
   */
  async function plantAll(agentDir: string, plant: (path: string) => Promise<unknown>) {
    for (const name of [...NAMES, 'planted']) await plant(join(agentDir, name));
    const planted = await readlink(join(agentDir, 'planted')).catch(() => 'planted');
    for (let pid = process.pid; pid < process.pid + PIDS; pid++) {
      await symlink(planted, join(agentDir, `${NAMES[0]}.${pid}`));
    }
    await execa('chown', ['-R', '65534:65534', agentDir]);
    await chmod(agentDir, 0o777);
  }

  const ROWS: readonly (readonly [what: string, plant: (path: string) => Promise<unknown>])[] = [
    ['symlinks to files', async (path) => symlink(await createPreciousFile(), path)],
    ['dangling symlinks', async (path) => symlink(`${await createPreciousFile()}.new`, path)],
    ['FIFOs', (path) => execa('mkfifo', [path])],
    [
      'directories',
      async (path) => {
        await mkdir(path);
        await symlink(join(await createPreciousFile(), '..'), join(path, 'link'));
        await writeFile(join(path, 'file'), 'precious');
        preciousPaths.push(join(path, 'file'));
      },
    ],
  ];

  /** Runs a module under strace. Returns its answer and its system calls on files. */
  async function runTraced(module: ModuleName, options: object): Promise<[Answer, string[]]> {
    const trace = join(await mkdtemp(join(directory, 'trace-')), 'trace');
    const words = ['-f', '-y', '-e', 'trace=%file', '-s', '4096', '-o', trace];
    const { stdout } = await execa(
      'strace',
      [...words, executablePath(module), JSON.stringify(options)],
      { timeout: 30_000, reject: false, stdin: 'ignore' },
    );
    return [JSON.parse(stdout), (await readFile(trace, 'utf8')).split('\n')];
  }

  function expectHarmlessCalls(calls: readonly string[], agentDir: string): void {
    const removals = calls.filter((call) => /\brmdir\(|AT_REMOVEDIR/.test(call));
    expect(removals).toEqual([]);
    const opens = calls.filter((call) => /\bopen(at)?\(|\bcreat\(/.test(call));
    const writing = opens.filter(
      (call) => /O_WRONLY|O_RDWR|O_CREAT|creat\(/.test(call) && !call.includes('"/dev/'),
    );
    expect(writing.length).toBeGreaterThan(0);
    for (const call of writing) expect(call).toMatch(/O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW/);
    for (const call of opens.filter((one) => one.includes(`"${agentDir}`))) {
      // The option -y makes strace print the path of each file descriptor.
      const [, requested, opened] = /"([^"]+)".* = \d+<([^>]+)>/.exec(call) ?? [];
      expect(opened?.replace(/ \(deleted\)$/, ''), call).toBe(opened && requested);
    }
  }

  base.runIf(canTrace).for(ROWS)(
    'modules change no other file through planted %s',
    async ([, plant]) => {
      const host = await emulator.enrol();
      await plantAll(host.agentDir, plant);
      const options = { agent_dir: host.agentDir, api_url: emulator.url };
      const [changed, writes] = await runTraced('jumpcloud_system', {
        ...options,
        attributes: { role: 'web' },
      });
      expect(changed).toMatchObject({ changed: true });
      expectHarmlessCalls(writes, host.agentDir);
      const [removed, removes] = await runTraced('jumpcloud_removal', {
        ...options,
        purge_identity: true,
      });
      expect(removed).toMatchObject({ changed: true, purged: { length: 4 } });
      expectHarmlessCalls(removes, host.agentDir);
      for (const path of preciousPaths.splice(0)) {
        expect(await readFile(path, 'utf8')).toBe('precious');
        expect(existsSync(`${path}.new`)).toBe(false);
      }
    },
  );
});
