import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  type DocumentedValue,
  readDocumentation,
  readSharedDocumentation,
  renderDocumentation,
} from '../../scripts/build/module-documentation.ts';
import { HOST_MODULES, MODULES } from '../../src/modules.ts';

const types = ['str', 'int', 'float', 'bool', 'path', 'list', 'dict', 'raw'];
const names = MODULES.map(({ name }) => name);

/**
 * Result keys that have a meaning of their own in Ansible, without the keys that modules are meant
 * to return. From ansible-core 2.22 on, a task fails if such a key has a value of an unexpected
 * type.
 */
const RESERVED_RESULT_KEYS = [
  ...['ansible_facts', 'ansible_job_id', 'ansible_parsed', 'ansible_stats', 'attempts'],
  ...['deprecations', 'exception', 'finished', 'item', 'rc', 'results', 'retries', 'skipped'],
  ...['started', 'stderr', 'stdout', 'unreachable'],
];

/** Returns all options or return values, including nested ones, by dotted name. */
function flatten(
  values: Readonly<Record<string, DocumentedValue>>,
  prefix = '',
): [string, DocumentedValue][] {
  return Object.entries(values).flatMap(([key, value]) => [
    [prefix + key, value] as [string, DocumentedValue],
    ...flatten({ ...value.suboptions, ...value.contains }, `${prefix}${key}.`),
  ]);
}

/** Returns the module and options of each task in the examples. */
function moduleCalls(examples: string): { module: string; options: Record<string, unknown> }[] {
  const tasks: Record<string, unknown>[] = parse(examples, { version: '1.1' });
  const all = tasks.flatMap((task) => [task, ...((task['tasks'] ?? []) as typeof tasks)]);
  return all.flatMap((task) =>
    Object.entries(task)
      .filter(([key]) => key.startsWith('systemcontext.jumpcloud.'))
      .map(([key, options]) => ({
        module: key.slice('systemcontext.jumpcloud.'.length),
        options: (options ?? {}) as Record<string, unknown>,
      })),
  );
}

describe.each(HOST_MODULES)('the documentation of $name', ({ name }) => {
  it('the documentation includes the shared options and return values', async () => {
    const own = await readDocumentation(name);
    const shared = await readSharedDocumentation();
    expect(own.DOCUMENTATION.options).toMatchObject(shared.DOCUMENTATION.options);
    expect(own.RETURN).toMatchObject(shared.RETURN);
    expect(own.DOCUMENTATION.requirements[0]).toMatch(/^Node\.js \d+\.\d+ or later/);
  });
});

describe.each(names)('the documentation of %s', (name) => {
  it('the rendered documentation, parsed as YAML 1.1, equals the original documentation', async () => {
    const documentation = await readDocumentation(name);
    const file = renderDocumentation(documentation);
    expect(parse(file, { version: '1.1' })).toEqual(documentation);
    expect(file).not.toMatch(/^[^#]*[&*]a\d+/m);
  });

  it('all options and return values are documented in a form that ansible-core 2.14 supports', async () => {
    const { DOCUMENTATION, RETURN } = await readDocumentation(name);
    const options = flatten(DOCUMENTATION.options);
    const returned = flatten(RETURN);
    for (const [key, value] of [...options, ...returned]) {
      expect(types, key).toContain(value.type);
      expect(value.description.length, key).toBeGreaterThan(0);
      for (const text of value.description) expect(text, key).toMatch(/^[A-Z].*\.$/s);
      expect(value.elements !== undefined, key).toBe(value.type === 'list');
      if (value.choices && value.default !== undefined) {
        expect(value.choices, key).toEqual(expect.arrayContaining([value.default].flat()));
      }
      if (value.required) expect(value.default, key).toBeUndefined();
    }
    for (const [key, value] of returned) expect(value.returned, key).toBeTruthy();
    // ansible-core 2.14, which is supported, lacks O(), V(), E() and RV().
    expect(JSON.stringify({ DOCUMENTATION, RETURN })).not.toMatch(/\b(?:O|V|E|RV|P)\(/);
    for (const [, option] of JSON.stringify(DOCUMENTATION).matchAll(/\bI\((\w+)[=)]/g)) {
      expect(options.map(([key]) => key.split('.').at(-1))).toContain(option);
    }
  });

  it('no return value has a name that Ansible reserves', async () => {
    const { RETURN } = await readDocumentation(name);
    for (const reserved of RESERVED_RESULT_KEYS) expect(RETURN).not.toHaveProperty(reserved);
  });

  it('the examples use only options that exist', async () => {
    const { EXAMPLES } = await readDocumentation(name);
    const exampleCalls = moduleCalls(EXAMPLES);
    expect(exampleCalls.map(({ module }) => module)).toContain(name);
    for (const { module, options } of exampleCalls) {
      const known = (await readDocumentation(module)).DOCUMENTATION.options;
      expect(Object.keys(known)).toEqual(expect.arrayContaining(Object.keys(options)));
    }
  });

  it('the documentation refers only to modules that exist', async () => {
    const text = JSON.stringify(await readDocumentation(name));
    const references = [...text.matchAll(/systemcontext\.jumpcloud\.(\w+)/g)].map(([, to]) => to);
    expect([...names, 'all']).toEqual(expect.arrayContaining(references));
  });
});
