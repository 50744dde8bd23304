import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, vi } from 'vitest';
import { defineModule } from '../../src/module.ts';
import type { Option } from '../../src/options/option.ts';
import { expandableText, text } from '../../src/options/scalars.ts';
import { factsOptions, loadReferenceCollector } from '../../src/resources/facts-options.ts';
import { system } from '../../src/resources/system/system.ts';
import { callInProcess } from '../harness/call-in-process.ts';
import { test } from '../harness/emulator-fixture.ts';

const read = vi.fn((value: unknown) => String(value));
const load = vi.fn(loadReferenceCollector);
const run = vi.fn();

const plain: Option<string | undefined> = { type: 'str', read };
const module = defineModule({
  name: 'jumpcloud_test',
  options: { ...factsOptions, plain, name: expandableText(), other: text() },
  rules: ({ name }) => (name === 'bad' ? [{ option: 'name', message: 'is bad' }] : []),
  loadReferenceCollector: load,
  async run(_values, _run, expand) {
    run(await expand());
    return { changed: false, msg: 'Done.', fields: {} };
  },
});

beforeEach(() => {
  vi.clearAllMocks();
  vi.stubEnv('NAME', 'web');
  vi.stubEnv('BAD', 'bad');
  return () => vi.unstubAllEnvs();
});

async function call(options: Record<string, unknown>) {
  const { text } = await callInProcess(module, [JSON.stringify(options)]);
  return JSON.parse(text);
}

test('callModule reads an option only once if its value has no reference', async () => {
  const given = { expand_facts: true, plain: 'a', name: '{env.NAME}', other: '{env.NAME}' };
  const answer = await call(given);
  expect(answer).toMatchObject({ facts: { 'env.NAME': 'web' } });
  expect(answer.invocation.module_args).toEqual(given);
  expect(run).toHaveBeenCalledWith({ ...given, name: 'web' });
  expect(read).toHaveBeenCalledTimes(1);
});

test('callModule loads the code for references only if expand_facts is true', async () => {
  for (const expand_facts of [undefined, false, 'maybe']) {
    await call({ expand_facts, name: '{env.NAME}' });
  }
  expect(load).not.toHaveBeenCalled();
  expect(run).toHaveBeenCalledTimes(2);
});

test("callModule also applies the module's rules to expanded options", async () => {
  const answer = await call({ expand_facts: true, name: '{env.BAD}' });
  expect(answer).toMatchObject({
    failed: true,
    error: { problems: [{ option: 'name', message: 'is bad' }] },
    facts: { 'env.BAD': 'bad' },
    invocation: { module_args: { name: '{env.BAD}' } },
  });
  expect(run).not.toHaveBeenCalled();
});

test('a run that waits for the registration uses the new value of a fact that changes during the wait', async ({
  emulator,
}) => {
  const host = await emulator.enrol();
  await rm(join(host.agentDir, 'jcagent.conf'));
  const waits: string[] = [];
  let registration: Promise<void> | undefined;
  const showWait = (what: string) => {
    waits.push(what);
    vi.stubEnv('NAME', 'web-2');
    registration ??= host.writeFiles();
    return () => {};
  };
  const callSystem = async (display_name: string) => {
    const place = { agent_dir: host.agentDir, api_url: emulator.url, registration_timeout: 20 };
    const options = { ...place, expand_facts: true, display_name };
    return JSON.parse((await callInProcess(system, [JSON.stringify(options)], { showWait })).text);
  };
  const unknown = await callSystem('{nme}');
  expect(unknown).toMatchObject({ error: { code: 'invalid_arguments' } });
  expect(waits).toEqual([]);
  const named = await callSystem('{env.NAME}');
  await registration;
  expect(waits[0]).toBe('for the JumpCloud agent to register');
  expect(named).toMatchObject({ settings: { display_name: 'web-2' } });
});
