import { coerceMapping } from '../../options/coercions.ts';
import { toListOf } from '../../options/collections.ts';
import { toObjectId } from '../../options/id.ts';
import {
  INVALID,
  InvalidValue,
  requireInvalidValue,
  type ValidationIssue,
} from '../../options/invalid-value.ts';
import { nearestName } from '../../options/nearest-name.ts';
import type { Option } from '../../options/option.ts';
import { toBoolean } from '../../options/scalars.ts';
import { keyForMessage } from '../../options/text-for-messages.ts';
import type { DesiredSudo } from './plan-edges.ts';

const KEYS = ['id', 'name', 'sudo', 'sudo_without_password'];

/** A user or a user group, with the desired sudo of the edge to the object. */
export interface ObjectWithSudo extends DesiredSudo {
  readonly id: string;
}

/**
 * Returns an option that lists users or user groups. An item is an id, a name or a mapping with
 * sudo. A list that contains an object twice is invalid.
 */
export function objectsWithSudo(kind: 'user' | 'user_group'): Option<ObjectWithSudo[] | undefined> {
  return {
    type: 'list',
    elements: 'raw',
    read: (value, { names }) =>
      toListOf(toObjectWithSudo(refuseDuplicates(kind, toObjectId(kind, names))))(value),
  };
}

function toObjectWithSudo(toId: (value: unknown) => string): (value: unknown) => ObjectWithSudo {
  return (value) => {
    const mapping =
      typeof value === 'string' && !value.startsWith('{') ? undefined : coerceMapping(value);
    if (mapping === undefined) return { id: toId(value) };
    const issues: ValidationIssue[] = unknownKeyIssues(mapping);
    const read = <T>(key: string, toValue: (given: unknown) => T): T | typeof INVALID => {
      try {
        return toValue(mapping[key] ?? undefined);
      } catch (error) {
        const path = key === 'id' ? [] : [key];
        issues.push(...requireInvalidValue(error).issues.map((issue) => ({ ...issue, path })));
        return INVALID;
      }
    };
    const key = keyOfObject(mapping, issues);
    const id = key === undefined ? INVALID : read(key, toId);
    const sudo = read('sudo', toOptionalBoolean);
    const sudo_without_password = read('sudo_without_password', toOptionalBoolean);
    if (
      issues.length > 0 ||
      id === INVALID ||
      sudo === INVALID ||
      sudo_without_password === INVALID
    ) {
      throw new InvalidValue(issues, { id, sudo, sudo_without_password });
    }
    return { id, sudo, sudo_without_password };
  };
}

function unknownKeyIssues(mapping: object): ValidationIssue[] {
  return Object.keys(mapping)
    .filter((key) => !KEYS.includes(key))
    .map((key) => {
      const meant = nearestName(key, KEYS);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      return {
        path: [],
        message: `unknown key ${keyForMessage(key)}${hint}`,
        advice: `Known keys are ${KEYS.join(', ')}`,
      };
    });
}

/**
 * Returns the key that identifies the object, `id` or `name`. Adds an issue if both or none are
 * given.
 */
function keyOfObject(mapping: Record<string, unknown>, issues: ValidationIssue[]) {
  const [key, other] = ['id', 'name'].filter((one) => (mapping[one] ?? undefined) !== undefined);
  if (key === undefined) issues.push({ path: [], message: 'id or name is required' });
  if (other !== undefined)
    issues.push({ path: [], message: 'has id and name; give one of the two' });
  return key;
}

function toOptionalBoolean(value: unknown): boolean | undefined {
  return value === undefined ? undefined : toBoolean(value);
}

/**
 * Wraps a function that reads ids. The returned function refuses an id that it has returned before.
 */
function refuseDuplicates(
  kind: string,
  toId: (value: unknown) => string,
): (value: unknown) => string {
  const known = new Set<string>();
  return (value) => {
    const id = toId(value);
    if (known.has(id)) throw new InvalidValue(`${kind.replace('_', ' ')} ${id} is listed twice`);
    known.add(id);
    return id;
  };
}
