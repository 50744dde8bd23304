import { describe, expect, test } from 'vitest';
import { readDocumentation } from '../../scripts/build/module-documentation.ts';
import type { OptionTable } from '../../src/options/option.ts';
import { associationOptions } from '../../src/resources/association.ts';
import { groupMembershipOptions } from '../../src/resources/group-membership.ts';
import { removalOptions } from '../../src/resources/removal-options.ts';
import { systemInfoOptions } from '../../src/resources/system-info.ts';
import { systemOptions } from '../../src/resources/system-options.ts';
import { userBindingOptions } from '../../src/resources/user-binding.ts';
import type { ModuleName } from '../executable.ts';

const TABLES: Record<ModuleName, OptionTable> = {
  jumpcloud_system: systemOptions,
  jumpcloud_group_membership: groupMembershipOptions,
  jumpcloud_user_binding: userBindingOptions,
  jumpcloud_association: associationOptions,
  jumpcloud_removal: removalOptions,
  jumpcloud_system_info: systemInfoOptions,
};

describe.each(Object.entries(TABLES))('%s', async (module, table) => {
  const { options } = (await readDocumentation(module)).DOCUMENTATION;

  test('documents exactly the options it accepts', () => {
    expect(Object.keys(options).sort()).toEqual(Object.keys(table).sort());
  });

  test.each(Object.entries(table))('documents %s as it is read', (name, option) => {
    const documented = options[name];
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
