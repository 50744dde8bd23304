import { describe, expect, test } from 'vitest';
import {
  type DocumentedValue,
  readDocumentation,
} from '../../scripts/build/module-documentation.ts';
import { MODULES } from '../../src/modules.ts';
import type { Option, OptionTable } from '../../src/options/option.ts';

describe.each(MODULES)('$name', async ({ name: module, options }) => {
  const table: OptionTable = options;
  const { options: described } = (await readDocumentation(module)).DOCUMENTATION;

  test('documents exactly the options it accepts', () => {
    expect(Object.keys(described).sort()).toEqual(Object.keys(table).sort());
  });

  test.each(Object.entries(table))('documents %s as it is read', (name, option) => {
    expect(documentedFacts(described[name])).toEqual(facts(option));
  });
});

function documentedFacts(documented: DocumentedValue | undefined): unknown {
  return {
    type: documented?.type,
    elements: documented?.elements,
    choices: documented?.choices,
    required: documented?.required ?? false,
    default: documented?.default,
    // A list's items may be mappings, which are not read by a table of options.
    suboptions:
      documented?.type === 'dict' && documented.suboptions
        ? mapValues(documented.suboptions, documentedFacts)
        : undefined,
  };
}

function facts({ type, elements, choices, required, ...option }: Option<unknown>): unknown {
  return {
    type,
    elements,
    choices,
    required: required ?? false,
    default: option.default,
    suboptions: option.suboptions && mapValues(option.suboptions, facts),
  };
}

function mapValues<T>(of: Readonly<Record<string, T>>, change: (value: T) => unknown): unknown {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, change(value)]));
}
