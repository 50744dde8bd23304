import { toListOf } from '../../options/collections.ts';
import { idOrName } from '../../options/id.ts';
import { InvalidValue } from '../../options/invalid-value.ts';
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
    const unknown = Object.keys(mapping).find((key) => !KEYS.includes(key));
    if (unknown !== undefined) {
      const meant = nearest(unknown, KEYS);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      throw new InvalidValue(
        `unknown key ${quoteKey(unknown)}, known are ${KEYS.join(', ')}${hint}`,
      );
    }
    const { id, sudo, sudo_without_password } = mapping;
    if (id === undefined || id === null) throw new InvalidValue('id is required');
    return {
      id: toId(id),
      sudo: toWish('sudo', sudo),
      sudo_without_password: toWish('sudo_without_password', sudo_without_password),
    };
  };
}

function toWish(key: string, value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  try {
    return toBoolean(value);
  } catch (error) {
    if (error instanceof InvalidValue) throw new InvalidValue(`${key}: ${error.message}`);
    throw error;
  }
}

function requireDistinct(kind: string, wishes: readonly UserWish[]): void {
  const twice = wishes.find(({ id }, i) => wishes.findIndex((other) => other.id === id) < i);
  if (twice !== undefined)
    throw new InvalidValue(`${kind.replace('_', ' ')} ${twice.id} is named twice`);
}
