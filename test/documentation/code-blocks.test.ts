import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { MODULES, type ModuleName } from '../../src/modules.ts';
import { hasPrograms } from '../examples/has-programs.ts';
import { callInProcess, moduleNamed } from '../harness/call-in-process.ts';
import { codeBlocksOf, documentationPages } from './code-blocks.ts';

/** Harmless programs that code blocks run for real, on copies of the files that they name. */
const REAL_PROGRAMS = [
  ...[
    'cat',
    'cp',
    'find',
    'grep',
    'ls',
    'mkdir',
    'mv',
    'node',
    'printf',
    'rm',
    'sed',
    'sh',
    'sleep',
  ],
  ...['tee', 'timeout'],
];

/** Programs that the test replaces. Each replacement records its arguments and succeeds. */
const RECORDED_PROGRAMS = [
  ...MODULES.map(({ name }) => name as string),
  ...[
    'ansible',
    'ansible-galaxy',
    'ansible-playbook',
    'ansible-vault',
    'apt-get',
    'apt-helper',
    'packer',
  ],
  ...['curl', 'dnf', 'gpg', 'gpgv', 'install', 'journalctl'],
  ...['npm', 'npx', 'salt-call', 'sha256sum', 'systemctl'],
];

/** One id for most of the objects that the documentation refers to by name, such as `web`. */
const ID = '5f1a3b0c9d2e4f6a7b8c9d10';
const NAMES = {
  system_group: { web: ID, linux: ID },
  user: { ada: ID, grace: '5f1a3b0c9d2e4f6a7b8c9d20' },
  user_group: { platform: ID },
};

/** Files that the documented commands expect on a host. */
const FILES = {
  'tmp/jc-demo/ready.json': JSON.stringify({ names: NAMES }),
  'etc/jumpcloud/host.json': '{"groups": []}',
  'etc/jumpcloud/host.json.new': '{"groups": []}',
  'etc/jumpcloud/removal.json': '{"scope": "associations"}',
  'host.json': '{"groups": []}',
  'opt/jc/client.key': '',
  'etc/apt/sources.list.d/.keep': '',
  'etc/pki/rpm-gpg/jumpcloud-system-context.asc.new': '',
  'etc/yum.repos.d/.keep': '',
  'etc/systemd/system/.keep': '',
  'run/jumpcloud-system-context/jumpcloud-host.json': '{"outcome":"unchanged"}',
  'usr/share/doc/jumpcloud-system-context/examples/host.json': '{"groups": []}',
};

const blocks = (await Promise.all((await documentationPages()).map(codeBlocksOf))).flat();
const inLanguage = (...languages: readonly string[]) =>
  blocks
    .filter(({ language }) => languages.includes(language))
    .map((block) => [`${block.page}, line ${block.line}`, block] as const);

const { scripts } = JSON.parse(await readFile(join(projectDirectory, 'package.json'), 'utf8'));

/** Expects that a call with `--validate` accepts the options of a module. */
async function expectValid(module: string, options: unknown): Promise<void> {
  const words = [JSON.stringify(options), '--validate'];
  const { text } = await callInProcess(moduleNamed(module as ModuleName), words);
  expect(JSON.parse(text)).toMatchObject({ changed: false });
  expect(JSON.parse(text)).not.toHaveProperty('failed');
}

/** Replaces Ansible's templates with values, so that a module can check the options. */
function withoutTemplates(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value)
      .replace(/"\{\{ [\w.]*names[\w.]* \}\}"/g, JSON.stringify(NAMES))
      .replace(/\{\{[^}]*default\('(\w+)'\)[^}]*\}\}/g, '$1')
      .replace(/\{\{ client_id \}\}/g, 'a'.repeat(24))
      .replace(/\{\{ client_secret \}\}/g, 'b'.repeat(40))
      .replace(/\{\{.*?\}\}/g, 'web-1'),
  );
}

/**
 * Returns every mapping in a document, at any depth. Omits `module_defaults`, because they are not
 * complete options.
 */
function mappingsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value)
    .filter(([key]) => key !== 'module_defaults')
    .flatMap(([, nested]) => mappingsIn(nested));
  return Array.isArray(value) ? inside : [value as Record<string, unknown>, ...inside];
}

test('every code block is plain text or names a known language', () => {
  const known = ['', 'sh', 'bash', 'yaml', 'json', 'ini', 'puppet', 'ruby', 'hcl', 'js', 'text'];
  for (const { page, line, language } of blocks) {
    expect(known, `${page}, line ${line}`).toContain(language);
  }
  console.log(`${blocks.length} code blocks`);
});

describe('shell', () => {
  test.each(inLanguage('sh'))('the commands in %s run to their end', async (_, { text }) => {
    const directory = await mkdtemp(join(tmpdir(), 'documentation-'));
    try {
      await expectToRun(text, directory);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test.runIf(hasPrograms('shellcheck of the documentation', 'shellcheck'))(
    'shellcheck finds nothing in the commands',
    async () => {
      // Blocks for bash are only linted, because they ask for a secret at a terminal.
      for (const [where, { language, text }] of inLanguage('sh', 'bash')) {
        const words = [`--shell=${language}`, '--exclude=SC2154', '-'];
        const { stdout } = await execa('shellcheck', words, { input: text, reject: false });
        expect(stdout, where).toBe('');
      }
    },
  );
});

/**
 * Runs shell commands in a directory that stands for the whole file system. Expects valid options
 * in each call of a module, and existing scripts in each call of npm.
 */
async function expectToRun(text: string, directory: string): Promise<void> {
  const bin = join(directory, 'bin');
  await mkdir(bin);
  const log = join(directory, 'log');
  for (const [path, content] of Object.entries({ ...FILES, log: '' })) {
    await mkdir(join(directory, dirname(path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  for (const name of REAL_PROGRAMS) {
    const { stdout } = await execa('sh', ['-c', `command -v ${name}`]);
    await symlink(stdout.startsWith('/') ? stdout : `/usr/bin/${name}`, join(bin, name));
  }
  const record = `#!/bin/sh\nprintf '%s\\0' "\${0##*/}" "$@" >>'${log}'\nprintf '\\n' >>'${log}'\n`;
  for (const name of RECORDED_PROGRAMS) await writeFile(join(bin, name), record);
  await writeFile(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n');
  for (const name of [...RECORDED_PROGRAMS, 'sudo']) await chmod(join(bin, name), 0o755);

  const moved = text
    .replaceAll(/(?<![\w.])\/(tmp|etc|opt|run|usr\/share)\//g, `${directory}/$1/`)
    .replaceAll(/dist\/modules\/|\/usr\/lib\/apt\//g, `${bin}/`);
  const { exitCode, stderr } = await execa('sh', ['-eu', '-c', moved], {
    cwd: directory,
    reject: false,
    extendEnv: false,
    env: { PATH: bin },
  });
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  for (const line of (await readFile(log, 'utf8')).split('\n').filter(Boolean)) {
    const [program = '', ...words] = line.split('\0').slice(0, -1);
    if (program === 'npm' && words[0] === 'run') {
      expect(Object.keys(scripts)).toContain(words.find((word, i) => i > 0 && word[0] !== '-'));
    }
    if (program.startsWith('jumpcloud_')) await expectCall(program, words);
  }
}

/**
 * Expects that a module accepts the options on its command line, which are JSON text or a file.
 * Ignores a file that does not exist.
 */
async function expectCall(module: string, words: readonly string[]): Promise<void> {
  const source = words.find((word) => word[0] !== '-');
  if (source === undefined) return;
  const isText = source.startsWith('{');
  if (isText || existsSync(source)) {
    await expectValid(module, JSON.parse(isText ? source : await readFile(source, 'utf8')));
  }
}

describe('YAML', () => {
  test.each(inLanguage('yaml'))('the modules accept the options in %s', async (_, { text }) => {
    const tasks = mappingsIn(parse(text, { version: '1.1' })).flatMap((mapping) =>
      Object.entries(mapping).filter(([key]) => /^systemcontext\.jumpcloud\.\w+$/.test(key)),
    );
    for (const [key, options] of tasks) {
      await expectValid(key.split('.').at(-1) ?? '', withoutTemplates(options ?? {}));
    }
  });
});

describe('JSON', () => {
  test.each(inLanguage('json'))(
    'the JSON block in %s can be parsed, and a module accepts any options in it',
    async (_, { text }) => {
      const document = JSON.parse(
        text.replaceAll(/"\/etc\/jumpcloud\/names\.json"/g, JSON.stringify(NAMES)),
      );
      const isDocument = ['groups', 'users', 'system'].some((key) => key in document);
      if (isDocument && !('changed' in document)) await expectValid('jumpcloud_host', document);
      if ('scope' in document) await expectValid('jumpcloud_removal', document);
    },
  );
});

test.each(inLanguage('ini'))(
  'the INI block in %s consists of sections and settings',
  (_, { text }) => {
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(\[\w+\]|[A-Z]\w+=.*|#.*|)$/);
    }
  },
);
