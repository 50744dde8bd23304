import { describe, expect } from 'vitest';
import {
  type DocumentedValue,
  readDocumentation,
  readSharedDocumentation,
} from '../../scripts/build/module-documentation.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { addSampleObjects } from '../emulator/sample-objects.ts';
import { type Answer, HOST_MODULE_NAMES, type ModuleName } from '../harness/executable.ts';
import { type TestHost, test } from '../harness/fixture.ts';
import { callsWithAllFields, type Options, sampleCallsOf } from '../harness/sample-calls.ts';

type Values = Readonly<Record<string, DocumentedValue>>;

/**
 * The return values that all Ansible modules have. The documentation of a module leaves them out.
 */
const COMMON_NAMES = ['changed', 'failed', 'invocation'];

/**
 * Runs a module in all situations that its documented return values describe. Returns the results.
 */
async function collectResults(
  module: ModuleName,
  host: TestHost,
  { store, faults }: Emulator,
): Promise<Answer[]> {
  addSampleObjects(store, host.systemId);
  const results: Answer[] = [];
  const call = async (options: Options) => {
    const verbose = { _ansible_diff: true, _ansible_verbosity: 2 };
    results.push((await host.run(module, { ...verbose, ...options })).answer);
  };
  const calls = callsWithAllFields(module, (type) => store.addNamed(type, type));
  await call({ nonsense: 1 });
  const refusal = { kind: 'status', status: 403, text: '{"message":"refused"}' } as const;
  faults.add({ fault: refusal, when: ({ method }) => method === 'POST', times: Infinity });
  await call({ ...calls[0], names: {} });
  faults.clear();
  for (const options of calls) await call(options);
  await call({ ...sampleCallsOf(module).good, agent_dir: '/nonexistent' });
  return results;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function matchesType(type: string | undefined, value: unknown): boolean {
  switch (type) {
    case 'str':
    case 'path':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'list':
      return Array.isArray(value);
    case 'dict':
      return isObject(value);
    default:
      return false;
  }
}

/** Expects every value to match its documentation. Returns the names of all values. */
function compareWithDocumentation(
  documented: Values,
  found: Record<string, unknown>,
  prefix = '',
): string[] {
  return Object.entries(found).flatMap(([name, value]) => {
    const key = prefix + name;
    if (prefix === '' && COMMON_NAMES.includes(name)) return [];
    const { type, elements, contains, description = [] } = documented[name] ?? {};
    if (value === null && description.join(' ').includes('null')) return [key];
    expect(type, `${key} is documented`).toBeDefined();
    expect(matchesType(type, value), `${key} is of type ${type}: ${JSON.stringify(value)}`).toBe(
      true,
    );
    const items = Array.isArray(value) ? value : [];
    for (const item of items)
      expect(matchesType(elements, item), `items of ${key}: ${elements}`).toBe(true);
    const inner = Array.isArray(value) ? items : [value];
    return [
      key,
      ...(contains
        ? inner
            .filter(isObject)
            .flatMap((one) => compareWithDocumentation(contains, one, `${key}.`))
        : []),
    ];
  });
}

function listNames(values: Values, prefix = ''): string[] {
  return Object.entries(values).flatMap(([name, { contains = {} }]) => [
    prefix + name,
    ...listNames(contains, `${prefix}${name}.`),
  ]);
}

const sharedNames = new Set(listNames((await readSharedDocumentation()).RETURN));
/**
 * The shared return values that occurred in the results of the tests so far. No single module
 * returns all shared values.
 */
const seenSharedValues = new Set<string>();

describe.each(HOST_MODULE_NAMES)('return values of %s', (module) => {
  test(`the results of ${module} contain exactly the documented values`, async ({
    host,
    emulator,
  }) => {
    const { RETURN } = await readDocumentation(module);
    const results = await collectResults(module, host, emulator);
    const seen = new Set(results.flatMap((result) => compareWithDocumentation(RETURN, result)));
    const isModuleValue = (name: string) => !sharedNames.has(name);
    expect([...seen].filter(isModuleValue).sort()).toEqual(
      listNames(RETURN).filter(isModuleValue).sort(),
    );
    for (const name of seen) if (!isModuleValue(name)) seenSharedValues.add(name);
  });

  test(`each return value of ${module} has a sample of the documented type`, async () => {
    const { RETURN } = await readDocumentation(module);
    for (const [name, { sample, ...value }] of Object.entries(RETURN)) {
      expect(sample, `${name} has a sample`).toBeDefined();
      compareWithDocumentation({ [name]: value }, { [name]: sample });
    }
  });
});

test('the results of all modules together contain every return value of the shared documentation', () => {
  expect([...seenSharedValues].sort()).toEqual([...sharedNames].sort());
});
