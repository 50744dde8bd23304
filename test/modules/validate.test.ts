import { describe, expect } from 'vitest';
import { MODULE_NAMES, runModule, runRaw } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { fullOptions, sampleCallsOf } from '../harness/sample-calls.ts';

const flags = ['--validate'];

describe.concurrent('--validate', () => {
  test.for(MODULE_NAMES)(
    '%s --validate accepts valid options; it needs no agent or credentials and sends no request',
    async (module, { emulator }) => {
      const options = fullOptions(module, () => emulator.store.newId());
      const connection = { api_url: emulator.url, ...('agent_dir' in options ? {} : {}) };
      const { answer, exitCode } = await runModule(
        module,
        { ...connection, ...options },
        { flags },
      );
      expect(answer).toMatchObject({ changed: false, msg: 'The options are valid.', warnings: [] });
      expect(answer).not.toHaveProperty('system_id');
      expect(exitCode).toBe(0);
      expect(emulator.requests).toEqual([]);
    },
  );

  test.for(MODULE_NAMES)('%s --validate fails for invalid options', async (module, { host }) => {
    const options = {
      ...sampleCallsOf(module).bad,
      region: 'mars',
      api_url: host.options.api_url,
    };
    const { answer, exitCode } = await runModule(module, options, { flags });
    const run = await runModule(module, { ...options, api_key: 'x'.repeat(30) });
    expect(answer).toMatchObject({ failed: true, error: { code: 'invalid_arguments' } });
    expect(run.answer['failed']).toBe(true);
    expect(exitCode).toBe(1);
  });

  test('--validate resolves names, parses references and checks the form of system_id', async () => {
    const validate = async (options: object) =>
      (await runModule('jumpcloud_host', { ...options }, { flags })).answer;
    const names = { system_group: { web: 'a'.repeat(24) } };
    const groups = ['web', '{cloud.tag.Role}'];
    expect(await validate({ names, groups, expand_facts: true })).toMatchObject({ changed: false });
    expect(await validate({ names, groups: ['wbe'] })).toMatchObject({
      msg: expect.stringContaining('did you mean web?'),
    });
    const system = { display_name: '{hostnam}' };
    expect(await validate({ system, expand_facts: true })).toMatchObject({
      error: { code: 'invalid_arguments' },
    });
    expect(await validate({ groups: [], system_id: 'b'.repeat(24) })).toMatchObject({
      changed: false,
    });
    expect(await validate({ groups: [], system_id: 'b' })).toMatchObject({ failed: true });
  });

  test('jumpcloud_removal --validate refuses empty stdin', async () => {
    const { answer } = await runRaw('jumpcloud_removal', flags, '');
    expect(answer).toMatchObject({ failed: true, error: { code: 'invalid_arguments' } });
  });
});
