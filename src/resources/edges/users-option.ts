import { coerceMapping } from '../../options/coercions.ts';
import { toListOf } from '../../options/collections.ts';
import { idOrName } from '../../options/id.ts';
import {
  asInvalid,
  InvalidValue,
  UNREADABLE,
  type ValidationIssue,
} from '../../options/invalid-value.ts';
import { nearestName } from '../../options/nearest-name.ts';
import type { Option } from '../../options/option.ts';
import { quoteKey } from '../../options/quote-name.ts';
import { toBoolean } from '../../options/scalars.ts';
import type { DesiredSudo } from './plan-edges.ts';

const KEYS = ['id', 'sudo', 'sudo_without_password'];

/** A user, and the sudo wanted on the edge to them. */
export interface DesiredUser extends DesiredSudo {
  readonly id: string;
}

/** Users, or user groups, with the sudo wanted for each, as mappings or plain; none may be named twice. */
export function users(kind: 'user' | 'user_group'): Option<DesiredUser[] | undefined> {
  return {
    type: 'list',
    elements: 'raw',
    read: (value, { names }) =>
      toListOf(toDesiredUser(distinct(kind, idOrName(kind, names))))(value),
  };
}

function toDesiredUser(toId: (value: unknown) => string): (value: unknown) => DesiredUser {
  return (value) => {
    const mapping =
      typeof value === 'string' && !value.startsWith('{') ? undefined : coerceMapping(value);
    if (mapping === undefined) return { id: toId(value) };
    const issues: ValidationIssue[] = unknownKeys(mapping);
    const read = <T>(key: string, toValue: (given: unknown) => T): T | typeof UNREADABLE => {
      try {
        return toValue(mapping[key] ?? undefined);
      } catch (error) {
        const path = key === 'id' ? [] : [key];
        issues.push(...asInvalid(error).issues.map((issue) => ({ ...issue, path })));
        return UNREADABLE;
      }
    };
    const id = read('id', (given) => toId(requireId(given)));
    const sudo = read('sudo', toOptionalBoolean);
    const sudo_without_password = read('sudo_without_password', toOptionalBoolean);
    if (
      issues.length > 0 ||
      id === UNREADABLE ||
      sudo === UNREADABLE ||
      sudo_without_password === UNREADABLE
    ) {
      throw new InvalidValue(issues, { id, sudo, sudo_without_password });
    }
    return { id, sudo, sudo_without_password };
  };
}

function unknownKeys(mapping: object): ValidationIssue[] {
  return Object.keys(mapping)
    .filter((key) => !KEYS.includes(key))
    .map((key) => {
      const meant = nearestName(key, KEYS);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      return {
        path: [],
        message: `unknown key ${quoteKey(key)}${hint}`,
        advice: `Known keys are ${KEYS.join(', ')}`,
      };
    });
}

function requireId(id: unknown): unknown {
  if (id === undefined) throw new InvalidValue('id is required');
  return id;
}

function toOptionalBoolean(value: unknown): boolean | undefined {
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
