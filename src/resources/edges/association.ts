import type { Problem } from '../../base/errors.ts';
import { type NamedKind, NON_USER_ASSOCIATION_TYPES } from '../../base/named-kinds.ts';
import { defineModule } from '../../module.ts';
import { toChoice } from '../../options/choice.ts';
import { objects } from '../../options/id.ts';
import { INVALID, InvalidValue } from '../../options/invalid-value.ts';
import {
  type Option,
  type OptionValues,
  type PartialValues,
  required,
} from '../../options/option.ts';
import { boolean } from '../../options/scalars.ts';
import { createRun } from '../../reconcile.ts';
import { checkConnectionOptions, connectionOptions } from '../connection-options.ts';
import { checkEdgesOptions, edgesOptions, sudoProblems } from './edges-options.ts';

const options = {
  ...connectionOptions,
  type: required(associationType()),
  ids: required(objects(givenKind)),
  ...edgesOptions(givenKind),
  sudo: boolean(),
  sudo_without_password: boolean(),
};

/**
 * Returns the kind of the objects in the options `ids` and `keep`. The option `type` selects the
 * kind.
 */
function givenKind(given: ReadonlyMap<string, unknown>): NamedKind | undefined {
  return NON_USER_ASSOCIATION_TYPES.find((type) => type === given.get('type'));
}

/** The values of jumpcloud_association's options after reading. */
export type AssociationOptions = OptionValues<typeof options>;

/** Manages this host's direct associations of one type. For users, see jumpcloud_user_binding. */
export const association = defineModule({
  name: 'jumpcloud_association',
  options,
  rules: checkAssociationOptions,
  run: createRun(async () => (await import('./edge-resources.ts')).associationResource),
});

function checkAssociationOptions(given: PartialValues<typeof options>): Problem[] {
  const { type, state, sudo, sudo_without_password } = given;
  const general = [...checkConnectionOptions(given), ...checkEdgesOptions(given)];
  if (type === undefined || type === INVALID) return general;
  if (type === 'user_group') {
    return [...general, ...sudoProblems(state, { sudo, sudo_without_password })];
  }
  const misplaced = (['sudo', 'sudo_without_password'] as const)
    .filter((option) => given[option] !== undefined)
    .map((option) => ({
      option,
      message: `can be used only with type: user_group, not with ${type}`,
    }));
  return [...general, ...misplaced];
}

function associationType(): Option<(typeof NON_USER_ASSOCIATION_TYPES)[number] | undefined> {
  const toType = toChoice(NON_USER_ASSOCIATION_TYPES);
  return {
    type: 'str',
    choices: NON_USER_ASSOCIATION_TYPES,
    read(value) {
      if (value !== 'user') return toType(value);
      throw new InvalidValue(
        'users are bound with jumpcloud_user_binding, which also manages their sudo',
      );
    },
  };
}
