import { execa } from 'execa';
import { expect } from 'vitest';
import { test } from '../harness/fixture.ts';

const SCRIPT = new URL('../../ansible-examples/ci/validate.sh', import.meta.url).pathname;
const HOST_DOCUMENT = new URL('../../ansible-examples/shell/host.json', import.meta.url).pathname;

test('ci/validate.sh checks every document and fails if one is wrong', async () => {
  const PATH = `${new URL('../../dist/modules', import.meta.url).pathname}:${process.env['PATH']}`;
  const validate = (...documents: string[]) =>
    execa(SCRIPT, documents, { env: { PATH }, reject: false });
  expect(await validate(HOST_DOCUMENT, HOST_DOCUMENT)).toMatchObject({ exitCode: 0 });
  const { exitCode, stdout } = await validate('/nonexistent.json', HOST_DOCUMENT);
  expect(exitCode).toBe(1);
  expect(stdout.split('\n').map((line) => JSON.parse(line).failed)).toEqual([true, undefined]);
});
