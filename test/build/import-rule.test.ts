import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';

/** A file, imports that the linter allows in it, and imports that it forbids. */
const FILES: readonly (readonly [file: string, allowed: string[], forbidden: string[]])[] = [
  ['src/base/a.ts', ['./errors.ts'], ['../run.ts', '../options/json.ts']],
  ['src/run.ts', ['./base/errors.ts'], ['./transport/session.ts']],
  ['src/module.ts', ['./run.ts', './options/option.ts'], ['./options/json.ts', './api/b.ts']],
  [
    'src/signing/a.ts',
    ['./b.ts', '../base/errors.ts'],
    ['../agent/b.ts', '../options/b.ts', '../run.ts'],
  ],
  [
    'src/options/a.ts',
    ['./b.ts', '../base/mask-secrets.ts'],
    ['../signing/b.ts', '../agent/b.ts', '../protocol/b.ts', '../run.ts'],
  ],
  [
    'src/facts/a.ts',
    ['./b.ts', '../options/b.ts', '../base/errors.ts'],
    ['../agent/b.ts', '../protocol/b.ts'],
  ],
  ['src/agent/a.ts', ['../signing/b.ts', '../run.ts'], ['../transport/b.ts', '../options/b.ts']],
  [
    'src/transport/http/a.ts',
    ['../connect/b.ts', '../../agent/b.ts', '../../base/errors.ts'],
    ['../../api/b.ts', '../../options/b.ts', '../../facts/b.ts', '../../module.ts'],
  ],
  [
    'src/api/a.ts',
    ['../transport/http/b.ts'],
    ['../reconcile.ts', '../options/b.ts', '../facts/b.ts'],
  ],
  ['src/reconcile.ts', ['./transport/b.ts', './agent/b.ts'], ['./api/b.ts', './resources/b.ts']],
  [
    'src/protocol/a.ts',
    ['../options/b.ts', '../../package.json', '../module.ts'],
    ['../resources/host/b.ts', '../agent/b.ts', '../facts/b.ts', '../modules.ts'],
  ],
  [
    'src/protocol/text/a.ts',
    ['../result.ts', '../../base/errors.ts', '../../options/b.ts'],
    ['../../resources/host/b.ts', '../../agent/b.ts', '../../facts/b.ts'],
  ],
  [
    'src/resources/host/a.ts',
    [
      '../../reconcile.ts',
      '../../module.ts',
      '../../options/b.ts',
      '../../facts/b.ts',
      '../edges/b.ts',
    ],
    ['../../protocol/b.ts', '../../modules.ts', '../../../modules/b.ts', '../../../test/b.ts'],
  ],
  ['src/modules.ts', ['./resources/host/b.ts'], ['./protocol/b.ts']],
  [
    'modules/a.ts',
    ['../src/protocol/run-as-process.ts', '../src/resources/host/b.ts', './a.yml'],
    ['../src/modules.ts', '../src/protocol/result.ts'],
  ],
  ['scripts/a.ts', ['../test/emulator/b.ts', '../test/harness/b.ts'], ['../test/faults/b.ts']],
  ['scripts/bench/a.ts', ['../../test/harness/ansible/b.ts'], ['../../test/b.ts']],
  [
    'test/faults/a.ts',
    [
      '../../scripts/build/b.ts',
      '../../scripts/package/b.ts',
      '../../scripts/probe/b.ts',
      '../harness/b.ts',
    ],
    ['../../scripts/bench/b.ts', '../../scripts/bench.ts'],
  ],
  [
    'test/agent/a.ts',
    ['../../scripts/build/b.ts', '../harness/answer.ts'],
    ['../../scripts/bench/b.ts', '../harness/executable.ts'],
  ],
  ['test/emulator/a.ts', ['./b.ts'], ['../harness/b.ts', '../../src/base/errors.ts']],
  ['test/emulator/a.test.ts', ['../harness/b.ts'], ['../harness/executable.ts']],
  [
    'test/harness/a.ts',
    ['../emulator/b.ts', '../../src/modules.ts'],
    ['../../scripts/build/b.ts', '../faults/b.ts'],
  ],
  [
    'test/harness/ansible/a.ts',
    ['../b.ts', '../../emulator/b.ts', '../../../src/modules.ts'],
    ['../../../scripts/build/b.ts', '../../faults/b.ts'],
  ],
];

/** The imports that the linter reports, by file. */
const reported = new Map<string, string[]>();

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'import-rule-'));
  copyFileSync('biome.json', join(directory, 'biome.json'));
  for (const [file, allowed, forbidden] of FILES) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    const lines = [...allowed, ...forbidden].map((path) => `import '${path}';\n`);
    writeFileSync(join(directory, file), lines.join(''));
  }
  const words = ['lint', '--vcs-enabled=false', '--reporter=github', '--max-diagnostics=none', '.'];
  const { stdout } = await execa(join(process.cwd(), 'node_modules/.bin/biome'), words, {
    cwd: directory,
    reject: false,
  });
  for (const [file, allowed, forbidden] of FILES) {
    const at = new RegExp(`noRestrictedImports,file=[^,]*/${file},line=(\\d+)`, 'g');
    const lines = [...stdout.matchAll(at)].map(([, line]) => Number(line) - 1);
    reported.set(
      file,
      [...allowed, ...forbidden].filter((_, line) => lines.includes(line)),
    );
  }
  rmSync(directory, { recursive: true });
});

test.each(FILES)('the linter reports exactly the forbidden imports of %s', (file, _, forbidden) => {
  expect(reported.get(file)).toEqual(forbidden);
});
