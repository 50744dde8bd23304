import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { questionTable } from '../../scripts/probe/question-table.ts';

test('docs/probe.md has the table of all questions', async () => {
  const page = await readFile(join(projectDirectory, 'docs/probe.md'), 'utf8');
  expect(page).toContain(questionTable());
});
