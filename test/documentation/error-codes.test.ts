import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';

const read = (path: string) => readFile(join(projectDirectory, path), 'utf8');

/** Returns the members of the type `ErrorCode`. A type does not exist at run time. */
async function readErrorCodes(): Promise<string[]> {
  const source = await read('src/base/errors.ts');
  const declaration = /^export type ErrorCode =\n([^;]*);/m.exec(source)?.[1] ?? '';
  return matchAll(declaration, /'(\w+)'/g);
}

function matchAll(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, code = '']) => code).sort();
}

test('the return value `error.code` documents exactly the error codes', async () => {
  const text = await read('modules/connection.yml');
  const list = /One of (C\([^.]*)\./.exec(text)?.[1] ?? '';
  expect(matchAll(list, /C\((\w+)\)/g)).toEqual((await readErrorCodes()).sort());
});

test('docs/errors.md has a row for each error code, and for no other', async () => {
  const [, table = ''] = (await read('docs/errors.md')).split('## Error codes');
  expect(matchAll(table, /^\| `(\w+)` \|/gm)).toEqual((await readErrorCodes()).sort());
});
