import { describe, expect, test } from 'vitest';
import { readDocumentation } from '../../scripts/build/module-documentation.ts';
import { MODULES } from '../../src/modules.ts';
import type { OptionTable } from '../../src/options/option.ts';

describe.each(MODULES)('$name', async ({ name: module, options }) => {
  const table: OptionTable = options;
  const { options: described } = (await readDocumentation(module)).DOCUMENTATION;

  test('documents exactly the options it accepts', () => {
    expect(Object.keys(described).sort()).toEqual(Object.keys(table).sort());
  });

  test.each(Object.entries(table))('documents %s as it is read', (name, option) => {
    const documented = described[name];
    expect({
      type: documented?.type,
      elements: documented?.elements,
      choices: documented?.choices,
      required: documented?.required ?? false,
      default: documented?.default,
    }).toEqual({
      type: option.type,
      elements: option.elements,
      choices: option.choices,
      required: option.required ?? false,
      default: option.default,
    });
  });
});
