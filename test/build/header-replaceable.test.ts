import { chmod, chown, copyFile, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterEach, describe, expect, test } from 'vitest';
import { failure, headerStage, nodeOf, SHELLS, uselessIn } from './header-stage.ts';

const { directory, executable, system, packaged, behindHeader, run } = await headerStage();
const SOMEONE = 65534;

/** An empty directory of root's with this mode. */
async function makeDirectory(path: string, mode = 0o755): Promise<string> {
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
  return path;
}

/** A link in a directory that is there afterwards. */
async function link(path: string, target: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
  return path;
}

/** Gives someone else the right to write to a directory by its access control list. */
async function grant(path: string): Promise<void> {
  const entries = [
    [0x01, 7, -1],
    [0x02, 7, SOMEONE],
    [0x04, 5, -1],
    [0x10, 7, -1],
    [0x20, 5, -1],
  ];
  await execa('python3', [
    '-c',
    `import os, struct, sys
acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHi', *entry) for entry in ${JSON.stringify(entries)})
os.setxattr(sys.argv[1], 'system.posix_acl_access', acl)`,
    path,
  ]);
}

/** A directory of a test's own, which is gone after it. */
let place: string;
async function newPlace(): Promise<string> {
  place = await makeDirectory(join(directory, 'place'));
  return place;
}
afterEach(() => rm(place, { recursive: true, force: true }));

const node = (path: string) => nodeOf('20.0.0', path);

/** What someone else can replace, and a path to it. */
const REPLACEABLE: readonly [what: string, make: (at: string) => Promise<string>][] = [
  [
    'a file of theirs',
    async (at) => {
      const file = await node(at);
      await chown(file, SOMEONE, SOMEONE);
      return file;
    },
  ],
  [
    'a file that everyone can write to',
    async (at) => {
      const file = await node(at);
      await chmod(file, 0o757);
      return file;
    },
  ],
  [
    'a file that a group can write to',
    async (at) => {
      const file = await node(at);
      await chown(file, 0, SOMEONE);
      await chmod(file, 0o775);
      return file;
    },
  ],
  [
    'a file in a directory of theirs',
    async (at) => {
      const file = await node(join(at, 'bin'));
      await chown(dirname(file), SOMEONE, SOMEONE);
      return file;
    },
  ],
  [
    'a file below a directory of theirs',
    async (at) => {
      const file = await node(join(at, 'home/bin'));
      await chown(join(at, 'home'), SOMEONE, SOMEONE);
      return file;
    },
  ],
  [
    'a file in a directory that everyone can write to',
    async (at) => node(await makeDirectory(join(at, 'open'), 0o777)),
  ],
  [
    'a file in a directory that a group can write to',
    async (at) => {
      const open = await makeDirectory(join(at, 'open'), 0o775);
      await chown(open, 0, SOMEONE);
      return node(open);
    },
  ],
  [
    'a file in a directory that an access control list opens',
    async (at) => {
      const open = await makeDirectory(join(at, 'open'));
      await grant(open);
      return node(open);
    },
  ],
  [
    'a file in a sticky directory',
    async (at) => node(await makeDirectory(join(at, 'sticky'), 0o1777)),
  ],
  [
    'a link to a file of theirs',
    async (at) => {
      const file = await node(join(at, 'theirs'));
      await chown(file, SOMEONE, SOMEONE);
      return link(join(at, 'bin/node'), file);
    },
  ],
  [
    'a link to a file in a directory of theirs',
    async (at) => {
      const file = await node(join(at, 'theirs'));
      await chown(dirname(file), SOMEONE, SOMEONE);
      return link(join(at, 'bin/node'), '../theirs/node');
    },
  ],
  [
    'a link to a file below an open directory',
    async (at) => {
      const file = await node(join(await makeDirectory(join(at, 'open'), 0o777), 'bin'));
      return link(join(at, 'bin/node'), file);
    },
  ],
  [
    'a link in a directory of theirs',
    async (at) => {
      await chown(await makeDirectory(join(at, 'theirs')), SOMEONE, SOMEONE);
      return link(join(at, 'theirs/node'), await node(join(at, 'good')));
    },
  ],
  [
    'a link in a sticky directory',
    async (at) => {
      const sticky = await makeDirectory(join(at, 'sticky'), 0o1777);
      return link(join(sticky, 'node'), await node(join(at, 'good')));
    },
  ],
  [
    'a directory that is a link of theirs in a sticky directory',
    async (at) => {
      const sticky = await makeDirectory(join(at, 'sticky'), 0o1777);
      await link(join(sticky, 'bin'), dirname(await node(join(at, 'good'))));
      return join(sticky, 'bin/node');
    },
  ],
  [
    'a directory that is a link to one below theirs',
    async (at) => {
      await node(join(at, 'theirs/v20/bin'));
      await chown(join(at, 'theirs'), SOMEONE, SOMEONE);
      await link(join(at, 'current'), 'theirs/v20');
      return join(at, 'current/bin/node');
    },
  ],
  [
    'links on the way that one of theirs stands between',
    async (at) => {
      await chown(await makeDirectory(join(at, 'theirs')), SOMEONE, SOMEONE);
      await link(join(at, 'theirs/node'), await node(join(at, 'good')));
      return link(join(at, 'bin/node'), '../theirs/node');
    },
  ],
];

/** What only root can replace, and a path to it. */
const SAFE: readonly [what: string, make: (at: string) => Promise<string>][] = [
  ['a file', (at) => node(at)],
  ['a file whose name has blanks', (at) => node(join(at, 'a  b -> c'))],
  [
    "a file and a directory that root's own group can write to",
    async (at) => {
      const file = await node(await makeDirectory(join(at, 'bin'), 0o775));
      await chmod(file, 0o775);
      return file;
    },
  ],
  [
    'a file below a sticky directory',
    async (at) => node(join(await makeDirectory(join(at, 'sticky'), 0o1777), 'bin')),
  ],
  ['a link', async (at) => link(join(at, 'bin/node'), await node(join(at, 'good')))],
  [
    'links of links, absolute and relative, of files and directories',
    async (at) => {
      await node(join(at, 'node-20/bin'));
      await link(join(at, 'node'), 'node-20');
      await link(join(at, 'alternatives/node'), join(at, 'node/bin/node'));
      return link(join(at, 'a -> b/node'), '../alternatives//node');
    },
  ],
];

describe.each(SHELLS)('root, under $shell', ({ shell }) => {
  test.each(REPLACEABLE)('does not run %s', async (_, make) => {
    const file = await make(await newPlace());
    const PATH = dirname(file);
    expect(await run(shell, { PATH })).toEqual(
      failure(`Passed over: ${file} is replaceable by someone other than root. Install`),
    );
    expect((await run(shell, { JUMPCLOUD_NODE: file })).exitCode).toBe(0);
    const HOME = join(place, 'their home');
    const version = join(HOME, '.nvm/versions/node/v20.0.0/bin');
    await link(version, PATH);
    expect((await run(shell, { PATH: '/nonexistent', HOME })).exitCode).toBe(1);
  });

  test.each(SAFE)('runs %s', async (_, make) => {
    const file = await make(await newPlace());
    expect(await run(shell, { PATH: dirname(file) })).toEqual({
      exitCode: 0,
      result: { words: [] },
    });
  });

  test("searches the system's directories before PATH", async () => {
    const PATH = dirname(await uselessIn(await newPlace(), '#!/bin/sh\necho \'"from PATH"\'\n'));
    for (const name of ['node', 'nodejs']) {
      const file = await uselessIn(system, '#!/bin/sh\necho \'"from the system"\'\n', name);
      expect((await run(shell, { PATH })).result).toBe('from the system');
      await rm(file);
    }
    await link(join(system, 'node'), await node(join(place, 'good')));
    expect((await run(shell, { PATH })).result).toEqual({ words: [] });
    await rm(system, { recursive: true });
    expect((await run(shell, { PATH })).result).toBe('from PATH');
  });

  test("has a wrapper look into the system's directories before PATH", async () => {
    const at = await newPlace();
    const wrapper = await uselessIn(join(at, 'bin'), '#!/usr/bin/env interpreter\n');
    const theirs = await makeDirectory(join(at, 'theirs'));
    await uselessIn(theirs, '#!/bin/sh\necho \'"theirs"\'\n', 'interpreter');
    await chown(theirs, SOMEONE, SOMEONE);
    await uselessIn(system, "#!/bin/sh\necho '\"the system'\"'\"'s\"'\n", 'interpreter');
    const PATH = `${theirs}:${dirname(wrapper)}`;
    expect((await run(shell, { PATH })).result).toBe("the system's");
    await rm(system, { recursive: true });
  });

  test.each([
    ["the system's directories", () => system],
    ["the package's directory", () => dirname(packaged)],
  ])('does not run a file or link in %s that someone else can replace', async (_, where) => {
    const file = await node(where());
    const cases = [
      async () => chown(file, SOMEONE, SOMEONE),
      async () => chown(dirname(file), SOMEONE, SOMEONE),
      async () => {
        await rm(file);
        const theirs = await node(join(await newPlace(), 'theirs'));
        await chown(dirname(theirs), SOMEONE, SOMEONE);
        await symlink(theirs, file);
      },
    ];
    for (const spoil of cases) {
      await spoil();
      expect(await run(shell, { PATH: '/nonexistent' })).toEqual(
        failure(`${file} is replaceable by someone other than root`),
      );
      await chown(file, 0, 0).catch(() => {});
      await chown(dirname(file), 0, 0);
    }
    await rm(where(), { recursive: true });
  });
});

describe('someone other than root', () => {
  test.each(REPLACEABLE)('runs %s', async (_, make) => {
    await chmod(directory, 0o755);
    const file = await make(await newPlace());
    const answer = await run(['sh'], { PATH: dirname(file) }, [], executable, { uid: SOMEONE });
    expect(answer).toEqual({ exitCode: 0, result: { words: [] } });
  });

  test('searches PATH alone', async () => {
    await chmod(directory, 0o755);
    const PATH = dirname(await uselessIn(await newPlace(), '#!/bin/sh\necho \'"from PATH"\'\n'));
    await uselessIn(system, '#!/bin/sh\necho \'"from the system"\'\n');
    const { result } = await run(['sh'], { PATH }, [], executable, { uid: SOMEONE });
    await rm(system, { recursive: true });
    expect(result).toBe('from PATH');
  });
});

describe('Node.js itself', () => {
  const openings: [what: string, mode: number, of: (file: string) => string][] = [
    ['its file', 0o757, (file) => file],
    ['its directory', 0o777, dirname],
    ['its directory, although that is sticky', 0o1777, dirname],
  ];
  test.each(openings)(
    'gives way to the next when everyone can write to %s',
    async (_, mode, of) => {
      const file = join(await makeDirectory(system), 'node');
      await copyFile(process.execPath, file);
      await chmod(of(file), mode);
      const why = `${file} is replaceable by someone other than root`;
      expect(await run(['sh'], { PATH: '/nonexistent' })).toEqual(failure(why));
      const PATH = dirname(await node(await newPlace()));
      expect((await run(['sh'], { PATH })).result).toEqual({ words: [] });
      expect((await run(['sh'], { JUMPCLOUD_NODE: file })).exitCode).toBe(0);
      await rm(system, { recursive: true });
    },
  );

  test('is passed over where /bin/ls cannot say who may replace it', async () => {
    const file = await node(await newPlace());
    const module = await behindHeader('module-in-namespace', 'console.log("{}")');
    const { stdout } = await execa(
      'unshare',
      ['--mount', 'sh', '-c', 'mount --bind /dev/null /bin/ls; exec sh "$1"', 'sh', module],
      { env: { PATH: `${dirname(file)}:${process.env['PATH']}` }, reject: false },
    );
    expect(JSON.parse(stdout).msg).toContain(`${file} cannot be checked without /bin/ls`);
  });
});

test('shellcheck finds nothing in the header', () => {
  const header = new URL('../../scripts/header.sh', import.meta.url).pathname;
  expect(execaSync('shellcheck', [header]).stdout).toBe('');
});
