import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildAll } from '../../scripts/build/build-all.ts';

// Ansible copies the executables for every task, so each additional file has to be a deliberate
// choice.
const THIRD_PARTY_FILES = [
  'diff/libesm/diff/base.js',
  'diff/libesm/diff/line.js',
  'diff/libesm/patch/create.js',
  'undici/lib/core/connect.js',
  'undici/lib/core/constants.js',
  'undici/lib/core/diagnostics.js',
  'undici/lib/core/errors.js',
  'undici/lib/core/request.js',
  'undici/lib/core/symbols.js',
  'undici/lib/core/tree.js',
  'undici/lib/core/util.js',
  'undici/lib/dispatcher/client-h1.js',
  'undici/lib/dispatcher/client-h2.js',
  'undici/lib/dispatcher/client.js',
  'undici/lib/dispatcher/dispatcher-base.js',
  'undici/lib/dispatcher/dispatcher.js',
  'undici/lib/interceptor/redirect-interceptor.js',
  'undici/lib/llhttp/constants.js',
  'undici/lib/llhttp/llhttp-wasm.js',
  'undici/lib/llhttp/llhttp_simd-wasm.js',
  'undici/lib/util/timers.js',
  'undici/lib/web/fetch/body.js',
  'zod/v4/core/api.js',
  'zod/v4/core/core.js',
  'zod/v4/core/errors.js',
  'zod/v4/core/parse.js',
  'zod/v4/core/regexes.js',
  'zod/v4/core/schemas.js',
  'zod/v4/core/util.js',
  'zod/v4/core/versions.js',
  'zod/v4/mini/schemas.js',
];

/** Maximum size in bytes of the stubs that replace unused files. */
const MAX_STUB_BYTES = 400;
const STUBS = [
  'client-h2.js',
  'core/connect.js',
  'core/constants.js',
  'core/diagnostics.js',
  'core/tree.js',
  'interceptor/redirect-interceptor.js',
  'llhttp-wasm.js',
  'web/fetch/body.js',
];

test('the executables contain exactly the expected third-party files, some as stubs', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bundle-content-'));
  const { modules } = await buildAll(directory);
  await rm(directory, { recursive: true });
  const bytes = new Map<string, number>();
  for (const { metafile } of modules) {
    for (const { inputs } of Object.values(metafile.outputs)) {
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
        const file = path.split('node_modules/')[1];
        if (file !== undefined && bytesInOutput > 0) bytes.set(file, bytesInOutput);
      }
    }
  }
  expect([...bytes.keys()].sort()).toEqual(THIRD_PARTY_FILES);
  for (const stub of STUBS) {
    const size = [...bytes].find(([file]) => file.endsWith(stub))?.[1];
    expect(size, stub).toBeLessThan(MAX_STUB_BYTES);
  }
});
