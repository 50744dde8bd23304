import { toListOf } from '../../options/collections.ts';
import { idOrName } from '../../options/id.ts';
import { asInvalid, type Flaw, InvalidValue, UNREADABLE } from '../../options/invalid-value.ts';
import { nearest } from '../../options/nearest.ts';
import type { Option } from '../../options/option.ts';
import { quoteKey } from '../../options/quote.ts';
import { toBoolean } from '../../options/scalars.ts';
import { readMapping } from '../../options/spellings.ts';
import type { SudoWish } from './plan-edges.ts';

const KEYS = ['id', 'sudo', 'sudo_without_password'];

/** A user, and the sudo wanted on the edge to them. */
export interface UserWish extends SudoWish {
  readonly id: string;
}

/** Users, or user groups, with the sudo wanted for each, as mappings or plain; none may be named twice. */
export function users(kind: 'user' | 'user_group'): Option<UserWish[] | undefined> {
  return {
    type: 'list',
    elements: 'raw',
    read: (value, { names }) => toListOf(toUser(distinct(kind, idOrName(kind, names))))(value),
  };
}

function toUser(toId: (value: unknown) => string): (value: unknown) => UserWish {
  return (value) => {
    const mapping =
      typeof value === 'string' && !value.startsWith('{') ? undefined : readMapping(value);
    if (mapping === undefined) return { id: toId(value) };
    const flaws: Flaw[] = unknownKeys(mapping);
    const read = <T>(key: string, toValue: (given: unknown) => T): T | typeof UNREADABLE => {
      try {
        return toValue(mapping[key] ?? undefined);
      } catch (error) {
        const path = key === 'id' ? [] : [key];
        flaws.push(...asInvalid(error).flaws.map((flaw) => ({ ...flaw, path })));
        return UNREADABLE;
      }
    };
    const id = read('id', (given) => toId(required(given)));
    const sudo = read('sudo', toWish);
    const sudo_without_password = read('sudo_without_password', toWish);
    if (
      flaws.length > 0 ||
      id === UNREADABLE ||
      sudo === UNREADABLE ||
      sudo_without_password === UNREADABLE
    ) {
      throw new InvalidValue(flaws, { id, sudo, sudo_without_password });
    }
    return { id, sudo, sudo_without_password };
  };
}

function unknownKeys(mapping: object): Flaw[] {
  return Object.keys(mapping)
    .filter((key) => !KEYS.includes(key))
    .map((key) => {
      const meant = nearest(key, KEYS);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      return {
        path: [],
        message: `unknown key ${quoteKey(key)}${hint}`,
        advice: `Known keys are ${KEYS.join(', ')}`,
      };
    });
}

function required(id: unknown): unknown {
  if (id === undefined) throw new InvalidValue('id is required');
  return id;
}

function toWish(value: unknown): boolean | undefined {
  return value === undefined ? undefined : toBoolean(value);
}

/** Refuses an id that was read before. */
function distinct(kind: string, toId: (value: unknown) => string): (value: unknown) => string {
  const seen = new Set<string>();
  return (value) => {
    const id = toId(value);
    if (seen.has(id)) throw new InvalidValue(`${kind.replace('_', ' ')} ${id} is named twice`);
    seen.add(id);
    return id;
  };
}
