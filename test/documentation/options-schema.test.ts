import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readDocumentation } from '../../scripts/build/module-documentation.ts';
import { optionsSchema } from '../../scripts/build/options-schema.ts';
import { MODULES } from '../../src/modules.ts';
import { callsWithAllFields, sampleCallsOf } from '../harness/sample-calls.ts';

const ID = '5f1a3b0c9d2e4f6a7b8c9d0e';

async function validatorOf(name: (typeof MODULES)[number]['name']) {
  const documentation = await readDocumentation(name);
  const validate = new Ajv({ allowUnionTypes: true }).compile(optionsSchema(documentation));
  return { documentation, validate };
}

describe.each(MODULES)('the JSON Schema of $name', ({ name, options }) => {
  test('the schema has the options of the module, each with a description', async () => {
    const { properties } = optionsSchema(await readDocumentation(name)) as {
      properties: Record<string, { description: string }>;
    };
    expect(Object.keys(properties).sort()).toEqual(Object.keys(options).sort());
    for (const { description } of Object.values(properties)) expect(description).toMatch(/\w/);
  });

  test('the schema accepts the sample calls and the documented examples', async () => {
    const { documentation, validate } = await validatorOf(name);
    const tasks: Record<string, unknown>[] = parse(documentation.EXAMPLES, { version: '1.1' });
    const examples = tasks
      .flatMap((task) => Object.entries(task).filter(([key]) => key.endsWith(`.${name}`)))
      .map(([, given]) => given ?? {})
      .filter((given) => !JSON.stringify(given).includes('{{'));
    const calls = [sampleCallsOf(name).good, ...callsWithAllFields(name, () => ID), ...examples];
    for (const call of calls) {
      expect(validate(call), JSON.stringify([call, validate.errors])).toBe(true);
    }
  });

  test('the schema refuses unknown options, even the key `$schema`', async () => {
    const { validate } = await validatorOf(name);
    for (const unknown of ['displayname', '$schema']) {
      expect(validate({ ...sampleCallsOf(name).good, [unknown]: 'x' })).toBe(false);
    }
  });
});

test.each(['packaging/examples/host.json', 'ansible-examples/shell/host.json'])(
  'the schema of jumpcloud_host accepts %s',
  async (path) => {
    const { validate } = await validatorOf('jumpcloud_host');
    expect(validate(JSON.parse(await readFile(path, 'utf8'))), path).toBe(true);
  },
);

test('the settings for VS Code refer only to schemas of existing modules', async () => {
  const settings = JSON.parse(await readFile('ansible-examples/editor/settings.json', 'utf8'));
  const names: string[] = MODULES.map(({ name }) => name);
  for (const { url } of settings['json.schemas']) {
    const [, directory, name] = /^(.*)\/(.*)\.json$/.exec(url) ?? [];
    expect(directory).toBe('/usr/share/jumpcloud-system-context/schema');
    expect(names).toContain(name);
  }
});
