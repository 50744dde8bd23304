import { describe, expect, test } from 'vitest';
import { runInProcess } from '../harness/run-in-process.ts';
import { READING_MODULES, type ReadKind, startHostileSetup } from './hostile-setup.ts';
import { mapConcurrently } from './map-concurrently.ts';

/** A sample of each kind of JSON value, and of a missing value. */
const KINDS: Readonly<Record<string, unknown>> = {
  null: null,
  number: 7,
  text: 'text',
  list: [],
  mapping: {},
  boolean: true,
  missing: undefined,
};

/**
 * The only kind that is tested with the executables, because processes for all kinds would take
 * minutes.
 */
const KIND_FOR_EXECUTABLES = 'number';

/** The valid kinds of every field that a module reads, by path. */
const FIELDS: Readonly<Record<ReadKind, Readonly<Record<string, readonly string[]>>>> = {
  record: {
    '': [],
    _id: ['missing'],
    id: ['missing'],
    displayName: ['text', 'null', 'missing'],
    description: ['text', 'null', 'missing'],
    allowSshRootLogin: ['boolean', 'null', 'missing'],
    allowSshPasswordAuthentication: ['boolean', 'null', 'missing'],
    allowPublicKeyAuthentication: ['boolean', 'null', 'missing'],
    allowMultiFactorAuthentication: ['boolean', 'null', 'missing'],
    attributes: ['list', 'null', 'missing'],
    'attributes.0': [],
    'attributes.0.name': ['text'],
    'attributes.0.value': ['text', 'null', 'missing'],
    primarySystemUser: ['mapping', 'null', 'missing'],
    'primarySystemUser.id': ['null', 'missing'],
    'primarySystemUser.id (flat)': ['null', 'missing'],
    created: ['text', 'null', 'missing'],
    agentVersion: ['text', 'null', 'missing'],
    provisionMetadata: ['mapping', 'null', 'missing'],
    'provisionMetadata.provisioner': ['mapping', 'null', 'missing'],
    'provisionMetadata.provisioner.type': ['text', 'null', 'missing'],
  },
  memberof: { '': ['list', 'null'], '0': [], '0.type': [], '0.id': [] },
  associations: {
    '': ['list', 'null'],
    '0': [],
    '0.to': [],
    '0.to.type': [],
    '0.to.id': [],
    '0.attributes': ['mapping', 'null', 'missing'],
    '0.attributes.sudo': ['mapping', 'null', 'missing'],
    '0.attributes.sudo.enabled': ['boolean', 'null', 'missing'],
    '0.attributes.sudo.withoutPassword': ['boolean', 'null', 'missing'],
  },
  users: {
    '': ['list', 'null'],
    '0': [],
    '0.type': [],
    '0.id': [],
    '0.compiledAttributes': ['mapping', 'null', 'missing'],
    '0.compiledAttributes.sudo': ['mapping', 'null', 'missing'],
    '0.compiledAttributes.sudo.enabled': ['boolean', 'null', 'missing'],
    '0.compiledAttributes.sudo.withoutPassword': ['boolean', 'null', 'missing'],
    '0.paths': ['list', 'null', 'missing'],
    '0.paths.0': ['list'],
    '0.paths.0.0': [],
    '0.paths.0.0.to': [],
    '0.paths.0.0.to.type': ['text'],
    '0.paths.0.0.to.id': [],
  },
};

/** Sets a value at a path of a document and returns the document. */
function setValue(document: unknown, path: string, value: unknown): unknown {
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

/** Returns the name by which messages refer to a path. */
const toMessageName = (path: string) => path.replace(' (flat)', '') || 'the whole answer';

const readKinds = Object.keys(FIELDS) as ReadKind[];
describe.each(readKinds)('a wrong value in the answer to a read of %s', (reading) => {
  const module = READING_MODULES[reading];
  test.each(Object.entries(FIELDS[reading]))(
    'at path "%s", a value whose kind is not in %j fails the run before any write',
    async (path, good) => {
      const kinds = Object.keys(KINDS).filter((kind) => kind !== 'missing' || !/^$|\d$/.test(path));
      await mapConcurrently(kinds, 4, async (kind) => {
        const setup = await startHostileSetup();
        const change = (body: unknown) => setValue(body, path, KINDS[kind]);
        setup.fault(reading, { fault: { kind: 'mangle', change } });
        const answer =
          kind === KIND_FOR_EXECUTABLES
            ? await setup.run(module)
            : await runInProcess(module, setup.options(module), false);
        const context = `${path}: ${kind}: ${answer.msg}`;
        if (good.includes(kind)) {
          // A wrong value of a valid kind can hide a needed change. The run then fails with
          // not_applied, because the read after the writes returns the correct value.
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
                    `: ${toMessageName(path).replaceAll('.', '\\.')}(\\.\\w+)? does not have .*: it is `,
                  ),
          );
          expect(setup.writes(), context).toEqual([]);
        }
        await setup.close();
      });
    },
  );
});
