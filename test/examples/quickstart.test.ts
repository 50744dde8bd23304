import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { codeBlocksOf } from '../documentation/code-blocks.ts';

test('the quickstart of README.md changes the emulated host only once', {
  timeout: 300_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'quickstart-'));
  const port = '18099';
  const all = (await codeBlocksOf('README.md'))
    .filter(({ text }) => text.includes('/tmp/jc-demo'))
    .map(({ text }) => text.replaceAll('/tmp/jc-demo', directory).replaceAll('8099', port));
  const [start = '', describeHost = '', run = ''] = all;
  const [, emulatorCommand = ''] = /^(npm run emulator.*)$/m.exec(start) ?? [];
  const options = { cwd: projectDirectory, shell: '/bin/sh', reject: false } as const;
  const emulator = execa(emulatorCommand, options);
  try {
    await vi.waitUntil(() => existsSync(join(directory, 'ready.json')), { timeout: 60_000 });
    const { stdout, stderr } = await execa(`set -e\n${describeHost}\n${run}`, options);
    expect(stderr).toBe('');
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).msg);
    expect(messages).toEqual([
      expect.stringMatching(/^Would change system: display_name, attributes; groups: 1 added\./),
      expect.stringMatching(/^Changed system: display_name, attributes; groups: 1 added\./),
      'Nothing to change.',
      expect.stringMatching(/^This host is system [0-9a-f]{24}\.$/),
    ]);
  } finally {
    const { pid } = JSON.parse(await readFile(join(directory, 'ready.json'), 'utf8'));
    process.kill(pid, 'SIGTERM');
    await emulator;
    await rm(directory, { recursive: true });
  }
});
