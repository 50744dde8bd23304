import { OBJECT_TYPES } from '../api/graph.ts';
import type { Problem } from '../errors.ts';
import { toChoice } from '../options/choice.ts';
import { ids } from '../options/id.ts';
import { InvalidValue } from '../options/invalid-value.ts';
import { type Option, type OptionValues, required } from '../options/option.ts';
import { reader } from '../options/reader.ts';
import { boolean } from '../options/scalars.ts';
import { connectionOptions } from './connection-options.ts';
import { edges } from './edges.ts';
import { associations } from './edges-access.ts';
import { edgesOptions, edgesRules, sudoRules } from './edges-options.ts';

/** The options of jumpcloud_association. */
export const associationOptions = {
  ...connectionOptions,
  type: required(associationType()),
  ids: required(ids()),
  ...edgesOptions,
  sudo: boolean(),
  sudo_without_password: boolean(),
};

type AssociationOptions = OptionValues<typeof associationOptions>;

/** What the options must not say together. */
export function associationRules(options: AssociationOptions): Problem[] {
  const { type, state, sudo, sudo_without_password } = options;
  if (type === 'user_group') {
    return [...edgesRules(options), ...sudoRules('sudo', state, { sudo, sudo_without_password })];
  }
  const misplaced = (['sudo', 'sudo_without_password'] as const)
    .filter((option) => options[option] !== undefined)
    .map((option) => ({ option, message: `is for type: user_group only, not for ${type}` }));
  return [...edgesRules(options), ...misplaced];
}

/** This host's direct associations of one type, users excepted. */
export const association = edges<AssociationOptions>({
  option: 'ids',
  field: 'associations',
  shape: ({ type }) => (type === 'user_group' ? 'with sudo' : 'objects'),
  wish: ({ ids, state, exclusive, sudo, sudo_without_password }) => ({
    edges: new Map(ids.map((id) => [id, { sudo, sudo_without_password }])),
    state,
    exclusive,
  }),
  access: ({ type }) => associations(type),
});

function associationType(): Option<(typeof OBJECT_TYPES)[number] | undefined> {
  const read = toChoice(OBJECT_TYPES);
  const schema = reader((value) => {
    if (value === 'user') {
      throw new InvalidValue('users are bound with jumpcloud_user_binding, which knows their sudo');
    }
    return read(value);
  });
  return { type: 'str', choices: OBJECT_TYPES, schema };
}
