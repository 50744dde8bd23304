import * as z from 'zod/mini';
import { nearest } from '../protocol/nearest.ts';
import { type Option, reader, Unfit } from '../protocol/option.ts';
import { readMapping, shorten } from '../protocol/spellings.ts';
import { toBoolean, toId, toList } from '../protocol/values.ts';
import type { SudoWish } from './plan-edges.ts';

const KEYS = ['id', 'sudo', 'sudo_without_password'];

/** A user, and the sudo wanted on the edge to them. */
export interface UserWish extends SudoWish {
  readonly id: string;
}

/** Users with the sudo wanted for each, as mappings or as plain ids; none may be named twice. */
export function users(): Option<UserWish[] | undefined> {
  const items = z.array(reader(toUser));
  const schema = z.pipe(reader(toList), z.pipe(items, reader(requireDistinct)));
  return { type: 'list', elements: 'raw', schema };
}

function toUser(value: unknown): UserWish {
  const mapping =
    typeof value === 'string' && !value.startsWith('{') ? undefined : readMapping(value);
  if (mapping === undefined) return { id: toId(value) };
  const stranger = Object.keys(mapping).find((key) => !KEYS.includes(key));
  if (stranger !== undefined) {
    const meant = nearest(stranger, KEYS);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    throw new Unfit(`unknown key ${shorten(stranger)}, known are ${KEYS.join(', ')}${hint}`);
  }
  const { id, sudo, sudo_without_password } = mapping;
  if (id === undefined || id === null) throw new Unfit('id is required');
  return {
    id: toId(id),
    sudo: toWish('sudo', sudo),
    sudo_without_password: toWish('sudo_without_password', sudo_without_password),
  };
}

function toWish(key: string, value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  try {
    return toBoolean(value);
  } catch (error) {
    if (error instanceof Unfit) throw new Unfit(`${key}: ${error.message}`);
    throw error;
  }
}

function requireDistinct(wishes: UserWish[]): UserWish[] {
  const twice = wishes.find(({ id }, i) => wishes.findIndex((other) => other.id === id) < i);
  if (twice !== undefined) throw new Unfit(`user ${twice.id} is named twice`);
  return wishes;
}
