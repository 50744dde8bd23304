/** The kinds of JumpCloud objects that options can give by name instead of id. */
export const NAMED_KINDS = [
  'system_group',
  'user_group',
  'user',
  'command',
  'policy',
  'policy_group',
] as const;
export type NamedKind = (typeof NAMED_KINDS)[number];

/** Types of objects, except users, that a system can be associated with directly. */
export const NON_USER_ASSOCIATION_TYPES = [
  'command',
  'policy',
  'policy_group',
  'user_group',
] as const;

/** Types of objects that a system can be associated with directly. */
export const ASSOCIATION_TYPES = [...NON_USER_ASSOCIATION_TYPES, 'user'] as const;
export type AssociationType = (typeof ASSOCIATION_TYPES)[number];
