import { describe, expect, test } from 'vitest';
import { runInProcess } from '../harness/run-in-process.ts';
import { READER, type Reading, startSetup } from './hostile-setup.ts';
import { mapConcurrently } from './map-concurrently.ts';

/** Every kind of JSON value, and a missing value. */
const KINDS: Readonly<Record<string, unknown>> = {
  null: null,
  number: 7,
  text: 'text',
  list: [],
  mapping: {},
  boolean: true,
  nothing: undefined,
};

/** The kind of wrong value that is tested with the executables. The others are tested in this process. */
const EXECUTED = 'number';

/** Every field that is read, by its path, with the kinds that are valid there. */
const FIELDS: Readonly<Record<Reading, Readonly<Record<string, readonly string[]>>>> = {
  record: {
    '': [],
    _id: ['nothing'],
    id: ['nothing'],
    displayName: ['text', 'null', 'nothing'],
    description: ['text', 'null', 'nothing'],
    allowSshRootLogin: ['boolean', 'null', 'nothing'],
    allowSshPasswordAuthentication: ['boolean', 'null', 'nothing'],
    allowPublicKeyAuthentication: ['boolean', 'null', 'nothing'],
    allowMultiFactorAuthentication: ['boolean', 'null', 'nothing'],
    attributes: ['list', 'null', 'nothing'],
    'attributes.0': [],
    'attributes.0.name': ['text'],
    'attributes.0.value': ['text', 'null', 'nothing'],
    primarySystemUser: ['mapping', 'null', 'nothing'],
    'primarySystemUser.id': ['null', 'nothing'],
    'primarySystemUser.id (flat)': ['null', 'nothing'],
    created: ['text', 'null', 'nothing'],
    agentVersion: ['text', 'null', 'nothing'],
    provisionMetadata: ['mapping', 'null', 'nothing'],
    'provisionMetadata.provisioner': ['mapping', 'null', 'nothing'],
    'provisionMetadata.provisioner.type': ['text', 'null', 'nothing'],
  },
  memberof: { '': ['list', 'null'], '0': [], '0.type': [], '0.id': [] },
  associations: {
    '': ['list', 'null'],
    '0': [],
    '0.to': [],
    '0.to.type': [],
    '0.to.id': [],
    '0.attributes': ['mapping', 'null', 'nothing'],
    '0.attributes.sudo': ['mapping', 'null', 'nothing'],
    '0.attributes.sudo.enabled': ['boolean', 'null', 'nothing'],
    '0.attributes.sudo.withoutPassword': ['boolean', 'null', 'nothing'],
  },
  users: {
    '': ['list', 'null'],
    '0': [],
    '0.type': [],
    '0.id': [],
    '0.compiledAttributes': ['mapping', 'null', 'nothing'],
    '0.compiledAttributes.sudo': ['mapping', 'null', 'nothing'],
    '0.compiledAttributes.sudo.enabled': ['boolean', 'null', 'nothing'],
    '0.compiledAttributes.sudo.withoutPassword': ['boolean', 'null', 'nothing'],
    '0.paths': ['list', 'null', 'nothing'],
    '0.paths.0': ['list'],
    '0.paths.0.0': [],
    '0.paths.0.0.to': [],
    '0.paths.0.0.to.type': ['text'],
    '0.paths.0.0.to.id': [],
  },
};

/** Returns a document with another value at a path. */
function withValue(document: unknown, path: string, value: unknown): unknown {
  if (path === '') return value;
  const flat = /^(.*) \(flat\)$/.exec(path)?.[1];
  const keys = flat === undefined ? path.split('.') : [flat];
  const lastKey = keys.pop() ?? '';
  const holder = keys.reduce((inner, key) => inner[key], Object(document));
  if (value === undefined)
    Array.isArray(holder) ? holder.splice(Number(lastKey), 1) : delete holder[lastKey];
  else holder[lastKey] = value;
  return document;
}

/** Returns the name of a field in messages. */
const named = (path: string) => path.replace(' (flat)', '') || 'the whole answer';

const readings = Object.keys(FIELDS) as Reading[];
describe.each(readings)('an answer to a read of %s with a value of the wrong kind', (reading) => {
  const module = READER[reading];
  test.each(Object.entries(FIELDS[reading]))(
    'a run with a wrong value of "%s" fails before any write (valid: %j)',
    async (path, good) => {
      const kinds = Object.keys(KINDS).filter((kind) => kind !== 'nothing' || !/^$|\d$/.test(path));
      await mapConcurrently(kinds, 4, async (kind) => {
        const setup = await startSetup();
        const change = (body: unknown) => withValue(body, path, KINDS[kind]);
        setup.fault(reading, { fault: { kind: 'mangle', change } });
        // To start a process for every kind would take minutes.
        const answer =
          kind === EXECUTED
            ? await setup.run(module)
            : await runInProcess(module, setup.options(module), false);
        const context = `${path}: ${kind}: ${answer.msg}`;
        if (good.includes(kind)) {
          // A wrong value can seem to need no change. The read after the write then fails the run.
          expect(['none', 'not_applied'], context).toContain(answer.error?.code ?? 'none');
        } else {
          expect(answer, context).toMatchObject({
            changed: false,
            failed: true,
            error: { code: 'unexpected_response' },
          });
          expect(answer.msg).toMatch(
            /^Could not read the [\w ]+ of system [0-9a-f]{24}: .*\. Check/,
          );
          expect(context).toMatch(
            /type$/.test(path) && kind === 'text'
              ? /it lists a text among/
              : reading === 'record' && path === '' && kind === 'mapping'
                ? /it has no system id/
                : new RegExp(
                    `: ${named(path).replaceAll('.', '\\.')}(\\.\\w+)? does not have .* \\(it is `,
                  ),
          );
          expect(setup.writes(), context).toEqual([]);
        }
        await setup.close();
      });
    },
  );
});
