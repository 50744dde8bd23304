import { appendFile, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { describe, expect, it } from 'vitest';
import { isRoot } from '../harness/is-root.ts';
import { failure, makeExecutable, makeHeaderFixture, makeNode, SHELLS } from './header-fixture.ts';

const { directory, executable, fallbackDir, packagedNode, systemDir, writeModule, run } =
  await makeHeaderFixture();

/** Returns a 64-bit ELF header for a processor, followed by shell commands. */
function elf(machine: number, bigEndian = false): Buffer {
  const head = Buffer.from(
    `\x7fELF\x02${bigEndian ? '\x02' : '\x01'}\x01`.padEnd(64, '\0'),
    'latin1',
  );
  const write = (value: number, at: number) =>
    bigEndian ? head.writeUInt16BE(value, at) : head.writeUInt16LE(value, at);
  write(2, 16);
  write(machine, 18);
  head[bigEndian ? 23 : 20] = 1;
  return Buffer.concat([head, Buffer.from('echo executed\nexit 0\n')]);
}

const AARCH64 = 183;
const RISCV = 243;
const S390 = 22;
const X86_64 = 62;

const UNRUNNABLE_FILES: [description: string, content: string | Buffer][] = [
  ['an empty file', ''],
  ['text', 'echo executed\n'],
  ['a script whose interpreter is missing', '#!/nonexistent/sh\necho executed\n'],
  ['a script whose interpreter is in the working directory', '#! sh\necho executed\n'],
  ['a script without interpreter', '#!\necho executed\n'],
  ["another processor's program", elf(process.arch === 'arm64' ? X86_64 : AARCH64)],
  ["a rare processor's program", elf(RISCV)],
  ['a big-endian program', elf(S390, true)],
];

describe.each(SHELLS)('the header under $shell', ({ shell }) => {
  it('when there is no Node.js, the header reports the failure as JSON', async () => {
    expect(await run(shell, { PATH: '/nonexistent' })).toEqual(
      failure(
        /^This module requires Node\.js 18\.17 or later\. .*PATH=\/nonexistent .*JUMPCLOUD_NODE=\//,
      ),
    );
  });

  it('the header fails with valid JSON when PATH contains special characters', async () => {
    const PATH = '/a"b\\c\td\ne\u0001:/ümläut:/x y:$(id)`id`%s*:\u001b[31m';
    const { result } = await run(shell, { PATH, LC_ALL: 'C.UTF-8' });
    expect(result.msg).toMatch(
      /PATH=\/a"b\\c\?d\?e\?:\/\?\?ml\?\?ut:\/x y:\$\(id\)`id`%s\*:\?\[31m and for/,
    );
  });

  it('the header finds `node` in PATH, and `nodejs` when there is no `node`', async () => {
    const node = await makeNode('20.0.0', join(directory, 'with blank'));
    const nodejs = await makeNode('20.0.0', join(directory, 'debian'), 'nodejs');
    for (const program of [node, nodejs]) {
      const PATH = `/nonexistent:${dirname(program)}`;
      const { result } = await run(shell, { PATH }, ['{"a": "b c"}', '--check', '-']);
      expect(result).toEqual({ words: ['{"a": "b c"}', '--check', '-'] });
    }
  });

  it('the header prefers the Node.js of the runtime package', async () => {
    const PATH = dirname(await makeNode('20.0.0', join(directory, 'behind')));
    await makeExecutable(dirname(packagedNode), '#!/bin/sh\necho \'"packaged"\'\n');
    expect(await run(shell, { PATH })).toEqual({ exitCode: 0, result: 'packaged' });
    await rm(dirname(packagedNode), { recursive: true });
  });

  it('the header skips files that cannot run here, and lists them if none is left', async () => {
    const places = await Promise.all(
      UNRUNNABLE_FILES.map(async ([, content], i) =>
        dirname(await makeExecutable(join(directory, `no-${i}`), content)),
      ),
    );
    const unusable = join(directory, 'unusable');
    await mkdir(join(unusable, 'nodejs'), { recursive: true });
    await writeFile(join(unusable, 'node'), '');
    const PATH = [...places, unusable].join(':');
    for (const LC_ALL of ['C', 'C.UTF-8']) {
      const { result, exitCode } = await run(shell, { PATH, LC_ALL });
      expect(exitCode).toBe(1);
      for (const place of places) {
        expect(result.msg).toContain(` ${place}/node is not a program for this host; `);
      }
      expect(result.msg).toContain(`; ${unusable}/node is not executable; `);
      expect(result.msg).toContain(`; ${unusable}/nodejs is not a file. Install`);
    }
    const node = await makeNode('20.0.0', join(directory, 'useful'));
    expect(await run(shell, { PATH: `${PATH}:${dirname(node)}` })).toEqual({
      exitCode: 0,
      result: { words: [] },
    });
  });

  it('the header runs a wrapper with any whitespace and options in its #! line', async () => {
    const place = join(directory, 'wrapped');
    for (const first of ['#!/bin/sh', '#! /bin/sh', '#!\t/bin/sh -e', '#!/usr/bin/env sh']) {
      await makeExecutable(place, `${first}\nexec '${process.execPath}' "$@"`);
      expect((await run(shell, { PATH: `${place}:/usr/bin:/bin` })).exitCode).toBe(0);
    }
  });

  it('the header never searches the working directory', async () => {
    await makeExecutable(directory, '#!/bin/sh\necho executed\n');
    await makeExecutable(
      join(directory, '.nvm/versions/node/v20.0.0/bin'),
      '#!/bin/sh\necho executed\n',
    );
    for (const PATH of ['.', ':', ':/nonexistent', './', '../..:./.', 'bin', '/nonexistent::']) {
      const answer = await run(shell, { PATH, HOME: '.' });
      expect(answer).toEqual(
        failure(/ PATH=[^ ]* and .*Unsuitable: PATH's '[^/]*.*' is a relative directory[.;]/),
      );
    }
    // A JUMPCLOUD_NODE without a slash is not searched in PATH.
    const PATH = dirname(await makeNode('20.0.0', join(directory, 'chosen')));
    await makeExecutable(directory, '#!/bin/sh\necho \'"working"\'\n');
    expect((await run(shell, { PATH, JUMPCLOUD_NODE: 'node' })).result).toBe('working');
    await rm(join(directory, 'node'));
    await rm(join(directory, '.nvm'), { recursive: true });
    expect(await run(shell, { PATH, JUMPCLOUD_NODE: 'node' })).toEqual(
      failure(/at JUMPCLOUD_NODE=node\. Unsuitable: \.\/node does not exist\. Correct/),
    );
  });

  it('the header removes relative directories from the PATH of wrappers and modules', async () => {
    const place = join(directory, 'wrapped');
    await makeExecutable(place, `#!/usr/bin/env interpreter\n`);
    await makeExecutable(directory, '#!/bin/sh\necho executed\n', 'interpreter');
    const found = await makeExecutable(
      join(directory, 'with blank'),
      `#!/bin/sh\nshift; exec '${process.execPath}' "$@"\n`,
      'interpreter',
    );
    const file = await writeModule('prints-path', 'console.log(JSON.stringify(process.env));');
    const PATH = `.:${place}::${dirname(found)}:bin:/usr/bin:`;
    const before = isRoot ? [systemDir] : [];
    expect((await run(shell, { PATH }, [], file)).result).toMatchObject({
      PATH: [...before, place, dirname(found), '/usr/bin'].join(':'),
    });
    const JUMPCLOUD_NODE = process.execPath;
    for (const relative of ['', '.', ':bin']) {
      const { result } = await run(shell, { PATH: relative, JUMPCLOUD_NODE }, [], file);
      expect(result.PATH).toBe(before[0]);
    }
    await rm(join(directory, 'interpreter'));
  });

  it('a header on standard input does not run a file in the working directory', async () => {
    const path = execaSync('sh', ['-c', 'command -v "$1"', 'sh', shell[0]]).stdout;
    await writeFile(join(directory, shell[0]), 'console.log(\'"working"\')');
    const { stdout } = await execa(shell[0], [...shell.slice(1)], {
      inputFile: executable,
      cwd: directory,
      env: { PATH: `${dirname(path)}:${process.env['PATH']}` },
      reject: false,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      failed: true,
      msg: expect.stringContaining('standard input'),
    });
    await rm(join(directory, shell[0]));
  });

  it('the header runs Node.js despite strict shell options and any value of JUMPCLOUD_NODE_TRIED', async () => {
    const PATH = `:${dirname(await makeNode('20.0.0', join(directory, 'useful')))}`;
    const strict = [...shell, '-eu'] as const;
    expect((await run(strict, { PATH })).exitCode).toBe(0);
    for (const JUMPCLOUD_NODE_TRIED of ['x', '\n', '/a is 1\n/b is 2', ' is ']) {
      expect((await run(strict, { PATH, JUMPCLOUD_NODE_TRIED })).exitCode).toBe(0);
      expect(await run(strict, { PATH: ':/nonexistent', JUMPCLOUD_NODE_TRIED })).toEqual(
        failure(/Unsuitable: /),
      );
    }
  });

  it('the header skips each Node.js that is too old, and lists them if it finds no other', async () => {
    const old = await makeNode('12.22.9', join(directory, 'old'));
    const older = await makeNode('0.10.48', join(directory, 'older'));
    await mkdir(join(directory, 'links'), { recursive: true });
    await symlink(old, join(directory, 'links/node')).catch(() => {});
    const PATH = [old, join(directory, 'links/node'), older].map(dirname).join(':');
    expect(await run(shell, { PATH })).toEqual(
      failure(new RegExp(`Unsuitable: ${old} is 12\\.22\\.9; ${older} is 0\\.10\\.48\\. Install`)),
    );
    const node = await makeNode('20.0.0', join(directory, 'useful'), 'nodejs');
    const { result, exitCode } = await run(shell, { PATH: `${PATH}:${dirname(node)}` }, [
      '{"a": "b"}',
      '-',
    ]);
    expect({ result, exitCode }).toEqual({ exitCode: 0, result: { words: ['{"a": "b"}', '-'] } });
  });

  it('a JUMPCLOUD_NODE that is too old is not replaced by another Node.js', async () => {
    const old = await makeNode('12.22.9', join(directory, 'old'));
    const PATH = dirname(await makeNode('20.0.0', join(directory, 'useful')));
    expect(await run(shell, { PATH, JUMPCLOUD_NODE: old })).toEqual(
      failure(new RegExp(`JUMPCLOUD_NODE=${old}\\. Unsuitable: ${old} is 12\\.22\\.9\\. Correct`)),
    );
  });

  // ksh exits without a message when exec fails.
  if (shell[0] !== 'ksh') {
    it('the header tries the next Node.js in PATH when the first one cannot be started', async () => {
      const program = await readFile('/bin/true', 'latin1');
      const content = Buffer.from(program.replaceAll('/ld-', '/no-'), 'latin1');
      const node = await makeExecutable(join(directory, 'no-loader'), content);
      const PATH = dirname(node);
      const options = { stderr: /not found|No such file/ };
      expect(await run(shell, { PATH }, [], executable, options)).toEqual(
        failure(`${node} is a program that could not be started. Install`),
      );
      const more = `${PATH}:${dirname(await makeNode('20.0.0', join(directory, 'useful')))}`;
      const args = ['{"a": "b c"}', ''];
      expect(await run(shell, { PATH: more }, args, executable, options)).toEqual({
        exitCode: 0,
        result: { words: args },
      });
      const chosen = { PATH: more, JUMPCLOUD_NODE: node };
      expect(await run(shell, chosen, [], executable, options)).toEqual(
        failure(`${node} is a program that could not be started. Correct`),
      );
    });
  }

  it('the header finds Node.js in common directories, and the newest version that nvm installed', async () => {
    await makeNode('20.0.0', fallbackDir);
    const usual = await run(shell, { PATH: '/nonexistent' });
    await rm(fallbackDir, { recursive: true });
    expect(usual.exitCode).toBe(0);

    const HOME = join(directory, 'home');
    const versions = join(HOME, '.nvm/versions/node');
    await makeNode('9.1.0', join(versions, 'v9.1.0/bin'));
    await makeNode('12.1.0', join(versions, 'v12.1.0/bin'));
    expect((await run(shell, { PATH: '/nonexistent', HOME })).result.msg).toContain('is 12.1.0');
    await makeNode('20.1.0', join(versions, 'v20.1.0/bin'));
    expect((await run(shell, { PATH: '/nonexistent', HOME })).exitCode).toBe(0);
    await rm(HOME, { recursive: true });
  });

  it('a JUMPCLOUD_NODE that cannot be used is not replaced by another Node.js', async () => {
    const good = await makeNode('20.0.0', join(directory, 'chosen'));
    const PATH = dirname(good);
    expect((await run(shell, { PATH: '/nonexistent', JUMPCLOUD_NODE: good })).exitCode).toBe(0);
    for (const [bad, why] of [
      ['/no"where/node', 'does not exist'],
      [directory, 'is not a file'],
      [join(directory, 'chosen/set-version.cjs'), 'is not executable'],
    ] as const) {
      expect(await run(shell, { PATH, JUMPCLOUD_NODE: bad })).toEqual(
        failure(
          `This module requires Node.js 18.17 or later. Looked for an executable file at JUMPCLOUD_NODE=${bad}. Unsuitable: ${bad} ${why}. Correct JUMPCLOUD_NODE, or unset it to search for Node.js.`,
        ),
      );
    }
    for (const [, content] of UNRUNNABLE_FILES) {
      const bad = await makeExecutable(join(directory, 'no'), content);
      expect(await run(shell, { PATH, JUMPCLOUD_NODE: bad })).toEqual(
        failure(new RegExp(`Unsuitable: ${bad} is not a program for this host\\. Correct`)),
      );
    }
  });

  it('an empty JUMPCLOUD_NODE is ignored', async () => {
    const PATH = dirname(await makeNode('20.0.0', join(directory, 'chosen')));
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
  ])('the header rates Node.js %s as suitable: %s', async (version, isUsable) => {
    const node = await makeNode(version, join(directory, `node-${version}`));
    const answer = await run(shell, { PATH: dirname(node) });
    if (isUsable) expect(answer).toEqual({ exitCode: 0, result: { words: [] } });
    else
      expect(answer).toEqual(
        failure(new RegExp(`18\\.17 or later\\. .* is ${version}\\. Install`)),
      );
  });

  it('an executable runs by a relative path, a symlink, and a path with a space or a dash', async () => {
    const place = join(directory, 'odd place');
    await mkdir(place, { recursive: true });
    await copyFile(executable, join(place, '-dash'));
    await rm(join(directory, 'link'), { force: true });
    await symlink(join(place, '-dash'), join(directory, 'link'));
    const PATH = dirname(process.execPath);
    for (const file of [join(place, '-dash'), './odd place/-dash', 'link', './link']) {
      const { result } = await run(shell, { PATH }, ['{}'], file);
      expect(result).toEqual({ words: ['{}'] });
    }
  });
});

it('an executable in PATH is started by its #! line', async () => {
  const PATH = `${directory}:${dirname(process.execPath)}`;
  const { stdout } = await execa('module', ['{}'], { env: { PATH } });
  expect(JSON.parse(stdout)).toEqual({ words: ['{}'] });
});

it('an executable runs as CommonJS below a package.json with `"type": "module"`', async () => {
  const place = join(directory, 'esm');
  await mkdir(place);
  await writeFile(join(place, 'package.json'), '{"type":"module"}');
  await writeModule('esm/module', 'console.log(JSON.stringify(typeof require));');
  const { stdout } = await execa('sh', [join(place, 'module')]);
  expect(JSON.parse(stdout)).toBe('function');
});

it('the header replaces the shell with Node.js instead of starting another process', async () => {
  const file = await writeModule('pid', 'console.log(JSON.stringify(process.pid));');
  const child = execa('sh', [file]);
  expect(JSON.parse((await child).stdout)).toBe(child.pid);
});

describe('the header, started by a Node.js that is too old', () => {
  /**
   * Runs `program` behind the header. In PATH, an old Node.js precedes the Node.js of the tests.
   */
  async function start(program: string) {
    const old = await makeNode('12.22.9', join(directory, 'old'));
    const file = await writeModule('behind-old', program);
    const PATH = `${dirname(old)}:${dirname(process.execPath)}`;
    const child = execa('/bin/sh', [file], { env: { PATH }, reject: false, input: 'from stdin' });
    return child;
  }

  it('an old Node.js that starts a newer one forwards stdin, stdout, stderr and the exit status', async () => {
    const child = start(
      'process.stdin.pipe(process.stdout); console.error(process.env.JUMPCLOUD_NODE_TRIED); process.exitCode = 42;',
    );
    expect(await child).toMatchObject({ stdout: 'from stdin', stderr: 'undefined', exitCode: 42 });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'an old Node.js that starts a newer one forwards %s to it',
    async (signal) => {
      const program = `
      process.on('${signal}', () => { console.log('heard'); process.exit(3); });
      setTimeout(() => process.kill(process.ppid, '${signal}'), 100); setTimeout(() => {}, 20000);`;
      expect(await start(program)).toMatchObject({ stdout: 'heard', exitCode: 3 });
    },
  );

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'an old Node.js that has started a newer one ends the same way as the newer one: by %s',
    async (signal) => {
      const child = start(`process.kill(process.pid, '${signal}'); setTimeout(() => {}, 20000);`);
      expect(await child).toMatchObject({ signal, stdout: '' });
    },
  );

  it.each([
    ['immediately', 'throw new Error("no more processes");'],
    [
      'later',
      `const child = new (require('events'))();
       setTimeout(() => child.emit('error', new Error('no more processes')));
       return child;`,
    ],
  ])(
    'an old Node.js reports in JSON that /bin/sh could not be run, if spawn fails %s',
    async (_, body) => {
      const old = await makeNode('12.22.9', join(directory, 'alone'));
      await appendFile(
        join(directory, 'alone/set-version.cjs'),
        `require('child_process').spawn = () => { ${body} };`,
      );
      expect(await run(['sh'], { PATH: dirname(old) })).toEqual(
        failure(
          `${old} is 12.22.9, and /bin/sh could not be run: no more processes. Set JUMPCLOUD`,
        ),
      );
    },
  );
});
