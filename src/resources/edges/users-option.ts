import { toListOf } from '../../options/collections.ts';
import { idOrName } from '../../options/id.ts';
import { type Flaw, flawsOf, InvalidValue } from '../../options/invalid-value.ts';
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
    read(value, { names }) {
      const wishes = toListOf(toUser(idOrName(kind, names)))(value);
      requireDistinct(kind, wishes);
      return wishes;
    },
  };
}

function toUser(toId: (value: unknown) => string): (value: unknown) => UserWish {
  return (value) => {
    const mapping =
      typeof value === 'string' && !value.startsWith('{') ? undefined : readMapping(value);
    if (mapping === undefined) return { id: toId(value) };
    const flaws: Flaw[] = unknownKeys(mapping).map((message) => ({ path: [], message }));
    const read = <T>(key: string, toValue: (given: unknown) => T): T | undefined => {
      try {
        return toValue(mapping[key] ?? undefined);
      } catch (error) {
        const where = key === 'id' ? '' : `${key}: `;
        flaws.push(
          ...flawsOf(error).map(({ path, message }) => ({ path, message: where + message })),
        );
        return undefined;
      }
    };
    const id = read('id', (given) => toId(required(given)));
    const sudo = read('sudo', toWish);
    const sudo_without_password = read('sudo_without_password', toWish);
    if (id === undefined || flaws.length > 0) throw new InvalidValue(flaws);
    return { id, sudo, sudo_without_password };
  };
}

function unknownKeys(mapping: object): string[] {
  return Object.keys(mapping)
    .filter((key) => !KEYS.includes(key))
    .map((key) => {
      const meant = nearest(key, KEYS);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      return `unknown key ${quoteKey(key)}, known are ${KEYS.join(', ')}${hint}`;
    });
}

function required(id: unknown): unknown {
  if (id === undefined) throw new InvalidValue('id is required');
  return id;
}

function toWish(value: unknown): boolean | undefined {
  return value === undefined ? undefined : toBoolean(value);
}

function requireDistinct(kind: string, wishes: readonly UserWish[]): void {
  const ids = wishes.map(({ id }) => id);
  const twice = new Set(ids.filter((id, i) => ids.indexOf(id) < i));
  const flaws = [...twice].map((id) => ({
    path: [],
    message: `${kind.replace('_', ' ')} ${id} is named twice`,
  }));
  if (flaws.length > 0) throw new InvalidValue(flaws);
}
