import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, test as base, beforeAll, describe, expect } from 'vitest';
import { type Emulator, startEmulator } from '../emulator/emulator.ts';
import { executablePath } from '../harness/executable.ts';
import { fetchedNodes, nodePath } from '../harness/nodes.ts';

/** This Node.js, and those that npm run setup:nodes has fetched. */
const NODES: readonly (readonly [version: string, path: string])[] = [
  [process.versions.node, process.execPath],
  ...fetchedNodes()
    .filter((version) => version !== process.versions.node)
    .map((version) => [version, nodePath(version)] as const),
];

const EVIL = 'console.log("evil"); process.exit(0);\n';
const canTrace = execaSync('strace', ['-o', '/dev/null', 'true'], { reject: false }).exitCode === 0;

let folder: string;
let emulator: Emulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planted-files-'));
  emulator = await startEmulator();
});
afterAll(async () => {
  await emulator.close();
  await rm(folder, { recursive: true });
});

/** What anybody may put into a folder that they can write to. */
const PLANTS: readonly [what: string, plant: (place: string) => Promise<unknown>][] = [
  [
    'a package.json that redirects every path',
    async (place) => {
      await writeFile(
        join(place, 'package.json'),
        '{"name":"","exports":{"./*":"./evil.js"},"imports":{"#*":"./evil.js"}}',
      );
      await writeFile(join(place, 'evil.js'), EVIL);
    },
  ],
  [
    'a package.json of modules',
    (place) => writeFile(join(place, 'package.json'), '{"type":"module"}'),
  ],
  [
    'a package.json that is not JSON',
    (place) => writeFile(join(place, 'package.json'), '{garbage'),
  ],
  ['a package.json that is a FIFO', (place) => execa('mkfifo', [join(place, 'package.json')])],
  [
    'parts of Node.js in node_modules',
    async (place) => {
      for (const name of ['fs', 'v8', 'module', 'undici', 'zod']) {
        await mkdir(join(place, 'node_modules', name), { recursive: true });
        await writeFile(join(place, 'node_modules', name, 'index.js'), EVIL);
      }
    },
  ],
  [
    'files that Node.js has options for',
    async (place) => {
      await writeFile(join(place, '.env'), 'NODE_OPTIONS=--require=./evil.js\n');
      await writeFile(join(place, 'node.config.json'), '{"nodeOptions":{"require":["./evil.js"]}}');
      await writeFile(join(place, 'evil.js'), EVIL);
    },
  ],
];

describe.each(NODES)('with Node.js %s', (_, node) => {
  base.each(PLANTS)('nobody is heeded who plants %s', async (_what, plant) => {
    const place = await mkdtemp(join(folder, 'plant-'));
    const below = join(place, 'below');
    await mkdir(below);
    await plant(place);
    for (const cwd of [place, below]) {
      await copyFile(executablePath('jumpcloud_system'), join(cwd, 'module'));
      const ran = await execa('./module', ['--version'], {
        cwd,
        env: { JUMPCLOUD_NODE: node },
        timeout: 10_000,
        reject: false,
      });
      expect(ran.stdout).toMatch(/^jumpcloud_system \d/);
      expect(ran.stderr).toBe('');
    }
  });

  base('no variable names a file to run, or to write', async () => {
    const place = await mkdtemp(join(folder, 'variables-'));
    const evil = join(place, 'evil.cjs');
    await writeFile(evil, EVIL);
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
    const ran = await execa(executablePath('jumpcloud_system'), ['--version'], {
      env,
      reject: false,
    });
    expect(ran.stdout).toMatch(/^jumpcloud_system \d/);
    expect(ran.stderr).toBe('');
    expect(existsSync(written)).toBe(false);
  });

  base('a run by a relative path can load what it needs late', async () => {
    const host = await emulator.enrol();
    const place = await mkdtemp(join(folder, 'relative-'));
    await copyFile(executablePath('jumpcloud_system_info'), join(place, 'module'));
    emulator.faults.add({ fault: { kind: 'status', status: 503 }, times: 1 });
    const options = JSON.stringify({ agent_dir: host.agentDir, api_url: emulator.url });
    const env = { JUMPCLOUD_NODE: node };
    const { stdout } = await execa('./module', [options], { cwd: place, env, reject: false });
    expect(JSON.parse(stdout)).toMatchObject({ changed: false, enrolled: true });
    await host.remove();
  });

  base.runIf(canTrace)('no run looks at a package.json or node_modules', async () => {
    const host = await emulator.enrol();
    const place = await mkdtemp(join(folder, 'traced-'));
    await mkdir(join(place, 'node_modules'));
    await writeFile(join(place, 'package.json'), '{}');
    const options = JSON.stringify({ agent_dir: host.agentDir, api_url: emulator.url });
    // Waiting to try again loads a part that other runs do without.
    emulator.faults.add({ fault: { kind: 'status', status: 503 }, times: 1 });
    const trace = join(folder, 'trace');
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
    // The shell and Node.js ask what the working folder is called.
    const touched = names.filter((line) => line.includes(`"${place}`) && !/getcwd\(/.test(line));
    expect(touched.filter((line) => !line.includes(`"${place}",`))).toEqual([]);
    await host.remove();
  });
});
