import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyEdits, type Edit } from '../../scripts/build/apply-edits.ts';
import { helpImport } from '../../scripts/build/help-import.ts';
import { undiciEdits } from '../../scripts/build/undici-edits.ts';

const directory = mkdtempSync(join(tmpdir(), 'edits-'));
const FILES = {
  'entry.ts': `import 'node:dns'; import { on } from './undici/part.js'; console.log(on);`,
  'undici/part.js': `const assert = require('node:assert'); assert(1); exports.on = 'LOUD';`,
};
beforeAll(() => {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

/**
 * Bundles the files with the edit applied, and returns the text of the bundle. Rejects with the
 * errors of the build.
 */
async function bundle(edit: Edit): Promise<string> {
  const plugins = [applyEdits('edits', [edit])];
  const entryPoints = [join(directory, 'entry.ts')];
  const options = { bundle: true, write: false, platform: 'node', logLevel: 'silent' } as const;
  const { outputFiles } = await build({ ...options, entryPoints, plugins });
  return outputFiles[0]?.text ?? '';
}

describe('applyEdits', () => {
  test.each<[Edit, RegExp]>([
    [{ file: 'undici/part.js', contents: () => 'exports.on = "quiet"' }, /quiet/],
    [
      { builtin: 'node:assert', unsupported: /assert\./, contents: () => 'module.exports = 7' },
      /= 7/,
    ],
    [{ keptImport: 'node:dns', importer: 'entry.ts' }, /import_node_dns|require\("node:dns"\)/],
  ])('the edit %j changes the bundle', async (edit, expected) => {
    expect(await bundle(edit)).toMatch(expected);
  });

  test.each<[Edit, RegExp]>([
    [
      { file: 'undici/other.js', contents: () => '' },
      /Nothing imports undici\/other\.js any more\. Find the replacement/,
    ],
    [
      { builtin: 'node:http', unsupported: /http/, contents: () => '' },
      /undici does not import node:http any more\./,
    ],
    [
      { builtin: 'node:assert', unsupported: /assert\(/, contents: () => '' },
      /undici\/part\.js uses assert\(, but the stand-in for node:assert does not provide it\./,
    ],
    [
      { keptImport: 'node:zlib', importer: 'entry.ts' },
      /entry\.ts does not import 'node:zlib' any more\./,
    ],
    [
      { keptImport: 'node:dns', importer: 'other.ts' },
      /other\.ts does not import 'node:dns' any more\./,
    ],
  ])('the edit %j that matches nothing fails the build', async (edit, message) => {
    await expect(bundle(edit)).rejects.toThrow(message);
  });
});

/** Returns a copy of an edit, with a target that does not occur in the build. */
function withoutMatch(edit: Edit): Edit {
  if ('keptImport' in edit) return { ...edit, importer: 'src/gone.ts' };
  if ('builtin' in edit) return { ...edit, builtin: `${edit.builtin}/gone` };
  return { ...edit, file: 'undici/gone.js' };
}

test('the build fails with one error for each edit of undici that finds nothing to edit', async () => {
  const built = build({
    entryPoints: ['modules/jumpcloud_system.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    logLevel: 'silent',
    plugins: [helpImport, applyEdits('gone', undiciEdits.map(withoutMatch))],
  });
  const { errors } = await built.then(
    () => expect.unreachable(),
    (failure) => failure,
  );
  expect(errors).toHaveLength(undiciEdits.length);
});
