/** The kinds of objects that have names. */
export const NAMED_KINDS = [
  'system_group',
  'user_group',
  'user',
  'command',
  'policy',
  'policy_group',
] as const;
export type NamedKind = (typeof NAMED_KINDS)[number];
