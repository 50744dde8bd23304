import { HOST_MODULES, type ModuleName } from '../../src/modules.ts';
import type { Option, OptionTable } from '../../src/options/option.ts';
import fc from '../harness/fast-check.ts';

/** A call of a module: its command-line words, and the text on its stdin, if any. */
export interface OddCall {
  readonly module: ModuleName;
  readonly words: string[];
  readonly input: string | undefined;
}

/** The values that a call may use: ids of existing objects, harmless paths and URLs. */
export interface CallContext {
  readonly ids: readonly string[];
  readonly paths: readonly string[];
  readonly urls: readonly string[];
  /** Options that every generated call has. */
  readonly fixedOptions?: Readonly<Record<string, unknown>>;
}

const PROTOTYPE_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
];

const oddText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('', ' ', '\0', '\n', '\u2028', '\ud800', '\udfff x', '\x1b[2J', '😀'.repeat(600)),
  fc.constantFrom(
    ...PROTOTYPE_NAMES,
    '[',
    '{',
    '[]',
    '{}',
    '[[',
    '{"a":1,"a":2}',
    ',',
    ',,',
    'null',
  ),
  fc.constantFrom('yes', 'No', 'TRUE', 'f', '1', '0', 'on', '1e400', '-1', '0x10', '1_000', 'NaN'),
  fc.constantFrom('present', 'absent', 'user', 'us', 'system', 'agent', 'Present', 'auto'),
  fc.constantFrom('x'.repeat(1024), 'x'.repeat(1025), 'é'.repeat(5000), '\\"'.repeat(3000)),
);
const oddNumber = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 1e-300, 1e308, 2 ** 31, 2 ** 53, 1.5, Number.MIN_VALUE),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const oddScalar = fc.oneof(oddText, oddNumber, fc.boolean(), fc.constant(null));
const oddKey = fc.oneof(fc.constantFrom(...PROTOTYPE_NAMES, 'id', 'sudo', ''), oddText);

/** Generates objects with odd keys, such as `__proto__`. Some of the objects have no prototype. */
const oddMapping = <T>(value: fc.Arbitrary<T>) =>
  fc.dictionary(oddKey, value, { maxKeys: 4, noNullPrototype: false });
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: oddScalar },
  { weight: 2, arbitrary: fc.array(oddScalar, { maxLength: 5 }) },
  { weight: 2, arbitrary: oddMapping(oddScalar) },
  { weight: 1, arbitrary: fc.array(oddMapping(oddScalar), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 6 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 300 }).map(nest) },
);

function nest(depth: number): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = i % 2 ? [value] : { a: value };
  return value;
}

/** Generates values in all forms that an option accepts. A few of the values are invalid. */
function validValue(
  name: string,
  option: Option<unknown>,
  context: CallContext,
): fc.Arbitrary<unknown> {
  const id = fc.oneof(
    fc.constantFrom(...context.ids),
    fc.constantFrom(...context.ids).map((text) => text.toUpperCase()),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 24, maxLength: 24 }),
  );
  const boolean = fc.oneof(fc.boolean(), fc.constantFrom('yes', 'no', 'True', 'off', 1, 0, '1'));
  const { suboptions } = option;
  if (suboptions !== undefined) {
    const { fixedOptions = {} } = context;
    const some = Object.entries(suboptions).map(([key, one]) => [
      key,
      key in fixedOptions ? fc.constant(fixedOptions[key]) : validValue(key, one, context),
    ]);
    const known = fc.record(Object.fromEntries(some), { requiredKeys: [] });
    return fc.oneof(
      { weight: 9, arbitrary: known },
      fc.tuple(known, oddMapping(oddValue)).map(([right, odd]) => ({ ...right, ...odd })),
    );
  }
  if (option.elements === 'raw') {
    const user = fc.record(
      { id, sudo: boolean, sudo_without_password: boolean },
      { requiredKeys: ['id'] },
    );
    return fc.oneof(fc.array(fc.oneof(id, user), { maxLength: 5 }), id);
  }
  if (name === 'attributes') {
    return fc.dictionary(oddKey, fc.oneof(oddText, fc.constant(null), fc.boolean()), {
      maxKeys: 5,
    });
  }
  if (option.choices) {
    const word = fc.constantFrom(...option.choices);
    return option.type === 'list' ? fc.array(word, { maxLength: 4 }) : word;
  }
  if (/_url$|^proxy$/.test(name)) return fc.constantFrom(...context.urls);
  if (/_id$|_user$/.test(name)) return id;
  switch (option.type) {
    case 'bool':
      return boolean;
    case 'float':
      return fc.oneof(fc.nat(100), fc.double({ min: 0.001, max: 99 }), fc.nat(99).map(String));
    case 'list':
      return fc.oneof(fc.array(id, { maxLength: 5 }), fc.array(id, { maxLength: 3 }).map(String));
    case 'path':
      return fc.constantFrom(...context.paths);
    default:
      return oddText;
  }
}

/** Generates options of a module. Most are valid, some are invalid or unknown. */
function options(table: OptionTable, context: CallContext): fc.Arbitrary<[string, unknown][]> {
  const known = Object.entries(table).map(([name, option]) => {
    const { fixedOptions = {} } = context;
    if (name in fixedOptions) return fc.constant<[string, unknown][]>([[name, fixedOptions[name]]]);
    const good = validValue(name, option, context);
    const value = fc.oneof({ weight: 14, arbitrary: good }, { weight: 1, arbitrary: oddValue });
    const odds = option.required || name === 'agent_dir' ? 30 : 1;
    return fc.oneof(
      { weight: odds, arbitrary: value.map((it): [string, unknown][] => [[name, it]]) },
      { weight: 3, arbitrary: fc.constant<[string, unknown][]>([]) },
    );
  });
  const unknown = fc.tuple(oddKey, oddValue);
  const control = fc.tuple(
    fc.constantFrom('_ansible_check_mode', '_ansible_diff', '_ansible_verbosity', '_ansible_x'),
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(true, false, 'yes', 3) }, oddValue),
  );
  const some = (one: fc.Arbitrary<[string, unknown]>, weight: number) =>
    fc.oneof(
      { weight: 10, arbitrary: fc.constant([]) },
      { weight, arbitrary: fc.array(one, { maxLength: 3 }) },
    );
  return fc
    .tuple(fc.tuple(...known), some(unknown, 1), some(control, 5))
    .map(([first, ...others]) => [...first.flat(), ...others.flat()]);
}

/** Converts pairs to a JSON object in which a key can occur twice. */
function toJson(pairs: readonly [string, unknown][]): string {
  return `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
}

/** Generates the given JSON, sometimes damaged. */
function sometimesBroken(json: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const broken = fc
    .tuple(json, fc.double({ min: 0, max: 1, noNaN: true }))
    .chain(([text, share]) => {
      const at = Math.floor(share * text.length);
      return fc.constantFrom(
        text.slice(0, at),
        `${text.slice(0, at)}\0${text.slice(at)}`,
        `${text}${text}`,
        `\ufeff${text}`,
        `[${text}]`,
        text.replace(/:("[^"]*")/, ':NaN'),
        text.replaceAll('"', "'"),
        JSON.stringify(text),
        `  ${text}\n\n`,
        '{'.repeat(3000),
        `{"a":${'['.repeat(9000)}${']'.repeat(9000)}}`,
      );
    });
  return fc.oneof({ weight: 12, arbitrary: json }, { weight: 1, arbitrary: broken });
}

/** Generates valid, almost valid and invalid calls of all modules. */
export function oddCalls(context: CallContext): fc.Arbitrary<OddCall> {
  const word = fc.oneof(
    fc.constantFrom(
      '--check',
      '--diff',
      '--detailed-exitcode',
      '--chek',
      '--',
      '--help=1',
      '-',
      '-v',
    ),
    oddText,
    fc.constantFrom(...context.paths),
  );
  const calls = HOST_MODULES.map(({ name: module, options: table }) => {
    const text = sometimesBroken(options(table, context).map(toJson));
    const flags = fc.array(fc.constantFrom('--check', '--diff', '--detailed-exitcode', '--json'), {
      maxLength: 2,
    });
    return fc
      .oneof(
        {
          weight: 20,
          arbitrary: fc
            .tuple(text, flags)
            .map(([t, f]) => ({ words: [t, ...f], input: undefined })),
        },
        { weight: 3, arbitrary: text.map((input) => ({ words: ['-'], input })) },
        {
          weight: 1,
          arbitrary: fc
            .tuple(fc.array(word, { maxLength: 4 }), text)
            .map(([words, input]) => ({ words, input })),
        },
      )
      .map((call): OddCall => ({ module, ...call }));
  });
  return fc.oneof(...calls);
}
