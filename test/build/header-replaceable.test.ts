import { chmod, chown, copyFile, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterEach, describe, expect, test } from 'vitest';
import { hasPrograms } from '../examples/has-programs.ts';
import { canHaveMounts } from '../harness/host-with-programs.ts';
import { isRoot } from '../harness/is-root.ts';
import { failure, makeExecutable, makeHeaderFixture, makeNode, SHELLS } from './header-fixture.ts';

const { directory, executable, systemDir, packagedNode, writeModule, run } =
  await makeHeaderFixture();
const OTHER_USER = 65534;

/** Makes a directory that root owns, with the given mode. */
async function makeDirectory(path: string, mode = 0o755): Promise<string> {
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
  return path;
}

/** Makes a symlink and its parent directory, and returns the path of the link. */
async function makeLink(path: string, target: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
  return path;
}

/** Lets another user write to a directory through an access control list. */
async function grantByAcl(path: string): Promise<void> {
  const entries = [
    [0x01, 7, -1],
    [0x02, 7, OTHER_USER],
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

/** A directory that is removed after each test. */
const testDir = join(directory, 'test');
const makeTestDir = () => makeDirectory(testDir);
afterEach(() => rm(testDir, { recursive: true, force: true }));

const makeNode20 = (dir: string) => makeNode('20.0.0', dir);

/** Files that another user can replace. Each function makes one and returns its path. */
const REPLACEABLE_FILES: readonly [description: string, make: (at: string) => Promise<string>][] = [
  [
    'a file of another user',
    async (at) => {
      const file = await makeNode20(at);
      await chown(file, OTHER_USER, OTHER_USER);
      return file;
    },
  ],
  [
    'a file that everyone can write to',
    async (at) => {
      const file = await makeNode20(at);
      await chmod(file, 0o757);
      return file;
    },
  ],
  [
    'a file that a group can write to',
    async (at) => {
      const file = await makeNode20(at);
      await chown(file, 0, OTHER_USER);
      await chmod(file, 0o775);
      return file;
    },
  ],
  [
    'a file in a directory of another user',
    async (at) => {
      const file = await makeNode20(join(at, 'bin'));
      await chown(dirname(file), OTHER_USER, OTHER_USER);
      return file;
    },
  ],
  [
    'a file below a directory of another user',
    async (at) => {
      const file = await makeNode20(join(at, 'home/bin'));
      await chown(join(at, 'home'), OTHER_USER, OTHER_USER);
      return file;
    },
  ],
  [
    'a file in a directory that everyone can write to',
    async (at) => makeNode20(await makeDirectory(join(at, 'open'), 0o777)),
  ],
  [
    'a file in a directory that a group can write to',
    async (at) => {
      const open = await makeDirectory(join(at, 'open'), 0o775);
      await chown(open, 0, OTHER_USER);
      return makeNode20(open);
    },
  ],
  [
    'a file in a directory that an access control list makes writable',
    async (at) => {
      const open = await makeDirectory(join(at, 'open'));
      await grantByAcl(open);
      return makeNode20(open);
    },
  ],
  [
    'a file in a sticky directory',
    async (at) => makeNode20(await makeDirectory(join(at, 'sticky'), 0o1777)),
  ],
  [
    'a link to a file of another user',
    async (at) => {
      const file = await makeNode20(join(at, 'other'));
      await chown(file, OTHER_USER, OTHER_USER);
      return makeLink(join(at, 'bin/node'), file);
    },
  ],
  [
    'a link to a file in a directory of another user',
    async (at) => {
      const file = await makeNode20(join(at, 'other'));
      await chown(dirname(file), OTHER_USER, OTHER_USER);
      return makeLink(join(at, 'bin/node'), '../other/node');
    },
  ],
  [
    'a link to a file below a directory that everyone can write to',
    async (at) => {
      const file = await makeNode20(join(await makeDirectory(join(at, 'open'), 0o777), 'bin'));
      return makeLink(join(at, 'bin/node'), file);
    },
  ],
  [
    'a link in a directory of another user',
    async (at) => {
      await chown(await makeDirectory(join(at, 'other')), OTHER_USER, OTHER_USER);
      return makeLink(join(at, 'other/node'), await makeNode20(join(at, 'good')));
    },
  ],
  [
    'a link in a sticky directory',
    async (at) => {
      const sticky = await makeDirectory(join(at, 'sticky'), 0o1777);
      return makeLink(join(sticky, 'node'), await makeNode20(join(at, 'good')));
    },
  ],
  [
    'a file in a directory that is a link in a sticky directory',
    async (at) => {
      const sticky = await makeDirectory(join(at, 'sticky'), 0o1777);
      await makeLink(join(sticky, 'bin'), dirname(await makeNode20(join(at, 'good'))));
      return join(sticky, 'bin/node');
    },
  ],
  [
    'a file in a directory that is a link to one below a directory of another user',
    async (at) => {
      await makeNode20(join(at, 'other/v20/bin'));
      await chown(join(at, 'other'), OTHER_USER, OTHER_USER);
      await makeLink(join(at, 'current'), 'other/v20');
      return join(at, 'current/bin/node');
    },
  ],
  [
    'a link to a link in a directory of another user',
    async (at) => {
      await chown(await makeDirectory(join(at, 'other')), OTHER_USER, OTHER_USER);
      await makeLink(join(at, 'other/node'), await makeNode20(join(at, 'good')));
      return makeLink(join(at, 'bin/node'), '../other/node');
    },
  ],
];

/** Files that only root can replace. Each function makes one and returns its path. */
const SAFE_FILES: readonly [description: string, make: (at: string) => Promise<string>][] = [
  ['a file', (at) => makeNode20(at)],
  ['a file whose path has spaces', (at) => makeNode20(join(at, 'a  b -> c'))],
  [
    "a file and a directory that root's own group can write to",
    async (at) => {
      const file = await makeNode20(await makeDirectory(join(at, 'bin'), 0o775));
      await chmod(file, 0o775);
      return file;
    },
  ],
  [
    'a file below a sticky directory',
    async (at) => makeNode20(join(await makeDirectory(join(at, 'sticky'), 0o1777), 'bin')),
  ],
  ['a link', async (at) => makeLink(join(at, 'bin/node'), await makeNode20(join(at, 'good')))],
  [
    'links of links, absolute and relative, of files and directories',
    async (at) => {
      await makeNode20(join(at, 'node-20/bin'));
      await makeLink(join(at, 'node'), 'node-20');
      await makeLink(join(at, 'alternatives/node'), join(at, 'node/bin/node'));
      return makeLink(join(at, 'a -> b/node'), '../alternatives//node');
    },
  ],
];

describe.runIf(isRoot).each(SHELLS)('the header as root under $shell', ({ shell }) => {
  test.each(REPLACEABLE_FILES)('root does not run %s', async (_, make) => {
    const file = await make(await makeTestDir());
    const PATH = dirname(file);
    expect(await run(shell, { PATH })).toEqual(
      failure(`Unsuitable: ${file} is replaceable by someone other than root. Install`),
    );
    expect((await run(shell, { JUMPCLOUD_NODE: file })).exitCode).toBe(0);
    const HOME = join(testDir, 'other home');
    const version = join(HOME, '.nvm/versions/node/v20.0.0/bin');
    await makeLink(version, PATH);
    expect((await run(shell, { PATH: '/nonexistent', HOME })).exitCode).toBe(1);
  });

  test.each(SAFE_FILES)('root runs %s', async (_, make) => {
    const file = await make(await makeTestDir());
    expect(await run(shell, { PATH: dirname(file) })).toEqual({
      exitCode: 0,
      result: { words: [] },
    });
  });

  test("the header searches for Node.js in the system's directories before PATH when it runs as root", async () => {
    const PATH = dirname(
      await makeExecutable(await makeTestDir(), '#!/bin/sh\necho \'"from PATH"\'\n'),
    );
    for (const name of ['node', 'nodejs']) {
      const file = await makeExecutable(systemDir, '#!/bin/sh\necho \'"from the system"\'\n', name);
      expect((await run(shell, { PATH })).result).toBe('from the system');
      await rm(file);
    }
    await makeLink(join(systemDir, 'node'), await makeNode20(join(testDir, 'good')));
    expect((await run(shell, { PATH })).result).toEqual({ words: [] });
    await rm(systemDir, { recursive: true });
    expect((await run(shell, { PATH })).result).toBe('from PATH');
  });

  test("when root runs a wrapper, the wrapper searches the system's directories before PATH", async () => {
    const at = await makeTestDir();
    const wrapper = await makeExecutable(join(at, 'bin'), '#!/usr/bin/env interpreter\n');
    const otherDir = await makeDirectory(join(at, 'other'));
    await makeExecutable(otherDir, '#!/bin/sh\necho \'"other"\'\n', 'interpreter');
    await chown(otherDir, OTHER_USER, OTHER_USER);
    await makeExecutable(systemDir, "#!/bin/sh\necho '\"the system'\"'\"'s\"'\n", 'interpreter');
    const PATH = `${otherDir}:${dirname(wrapper)}`;
    expect((await run(shell, { PATH })).result).toBe("the system's");
    await rm(systemDir, { recursive: true });
  });

  test.each([
    ["the system's directories", () => systemDir],
    ["the package's directory", () => dirname(packagedNode)],
  ])('in %s, root does not run a file or link that another user can replace', async (_, where) => {
    const file = await makeNode20(where());
    const cases = [
      async () => chown(file, OTHER_USER, OTHER_USER),
      async () => chown(dirname(file), OTHER_USER, OTHER_USER),
      async () => {
        await rm(file);
        const otherNode = await makeNode20(join(await makeTestDir(), 'other'));
        await chown(dirname(otherNode), OTHER_USER, OTHER_USER);
        await symlink(otherNode, file);
      },
    ];
    for (const makeReplaceable of cases) {
      await makeReplaceable();
      expect(await run(shell, { PATH: '/nonexistent' })).toEqual(
        failure(`${file} is replaceable by someone other than root`),
      );
      await chown(file, 0, 0).catch(() => {});
      await chown(dirname(file), 0, 0);
    }
    await rm(where(), { recursive: true });
  });
});

describe.runIf(isRoot)('the header as a user other than root', () => {
  test.each(REPLACEABLE_FILES)('a user other than root runs %s', async (_, make) => {
    await chmod(directory, 0o755);
    const file = await make(await makeTestDir());
    const answer = await run(['sh'], { PATH: dirname(file) }, [], executable, { uid: OTHER_USER });
    expect(answer).toEqual({ exitCode: 0, result: { words: [] } });
  });

  test('for a user other than root, the header searches only PATH for Node.js', async () => {
    await chmod(directory, 0o755);
    const PATH = dirname(
      await makeExecutable(await makeTestDir(), '#!/bin/sh\necho \'"from PATH"\'\n'),
    );
    await makeExecutable(systemDir, '#!/bin/sh\necho \'"from the system"\'\n');
    const { result } = await run(['sh'], { PATH }, [], executable, { uid: OTHER_USER });
    await rm(systemDir, { recursive: true });
    expect(result).toBe('from PATH');
  });
});

describe.runIf(isRoot)('the header as root, with the real Node.js', () => {
  const writableParts: [description: string, mode: number, pathOf: (file: string) => string][] = [
    ['its file', 0o757, (file) => file],
    ['its directory', 0o777, dirname],
    ['its sticky directory', 0o1777, dirname],
  ];
  test.each(writableParts)(
    'root skips a Node.js when everyone can write to %s, and runs the next one in PATH',
    async (_, mode, pathOf) => {
      const file = join(await makeDirectory(systemDir), 'node');
      await copyFile(process.execPath, file);
      await chmod(pathOf(file), mode);
      const reason = `${file} is replaceable by someone other than root`;
      expect(await run(['sh'], { PATH: '/nonexistent' })).toEqual(failure(reason));
      const PATH = dirname(await makeNode20(await makeTestDir()));
      expect((await run(['sh'], { PATH })).result).toEqual({ words: [] });
      expect((await run(['sh'], { JUMPCLOUD_NODE: file })).exitCode).toBe(0);
      await rm(systemDir, { recursive: true });
    },
  );

  test.runIf(canHaveMounts())(
    'without /bin/ls, root skips a Node.js, because its permissions cannot be checked',
    async () => {
      const file = await makeNode20(await makeTestDir());
      const module = await writeModule('module-in-namespace', 'console.log("{}")');
      const { stdout } = await execa(
        'unshare',
        ['--mount', 'sh', '-c', 'mount --bind /dev/null /bin/ls; exec sh "$1"', 'sh', module],
        { env: { PATH: `${dirname(file)}:${process.env['PATH']}` }, reject: false },
      );
      expect(JSON.parse(stdout).msg).toContain(`${file} cannot be checked without /bin/ls`);
    },
  );
});

test.runIf(hasPrograms('shellcheck over scripts/header.sh', 'shellcheck'))(
  'shellcheck finds nothing in scripts/header.sh',
  () => {
    const header = new URL('../../scripts/header.sh', import.meta.url).pathname;
    expect(execaSync('shellcheck', [header]).stdout).toBe('');
  },
);
