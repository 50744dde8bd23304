import { describe, expect, test } from 'vitest';
import {
  type DocumentedValue,
  readDocumentation,
} from '../../scripts/build/module-documentation.ts';
import { MODULES } from '../../src/modules.ts';
import type { Option, OptionTable } from '../../src/options/option.ts';

describe.each(MODULES)(
  'the documentation and the option table of $name',
  async ({ name: module, options }) => {
    const table: OptionTable = options;
    const { options: documented } = (await readDocumentation(module)).DOCUMENTATION;

    test('the documentation lists exactly the accepted options', () => {
      expect(Object.keys(documented).sort()).toEqual(Object.keys(table).sort());
    });

    test.each(Object.entries(table))(
      'the documentation of %s agrees with the option table',
      (name, option) => {
        expect(documentedProperties(documented[name])).toEqual(tableProperties(option));
      },
    );
  },
);

function documentedProperties(documented: DocumentedValue | undefined): unknown {
  return {
    type: documented?.type,
    elements: documented?.elements,
    choices: documented?.choices,
    required: documented?.required ?? false,
    default: documented?.default,
    // Leaves out the suboptions of lists, because option tables do not have them.
    suboptions:
      documented?.type === 'dict' && documented.suboptions
        ? mapValues(documented.suboptions, documentedProperties)
        : undefined,
  };
}

function tableProperties({
  type,
  elements,
  choices,
  required,
  ...option
}: Option<unknown>): unknown {
  return {
    type,
    elements,
    choices,
    required: required ?? false,
    default: option.default,
    suboptions: option.suboptions && mapValues(option.suboptions, tableProperties),
  };
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => unknown): unknown {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
