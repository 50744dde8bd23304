import { isUtf8 } from 'node:buffer';
import { NAMED_KINDS, type NamedKind } from '../base/named-kinds.ts';
import { describeValue } from './describe-value.ts';
import { isId } from './id.ts';
import { InvalidValue, type ValidationIssue } from './invalid-value.ts';
import { JsonError, parseJson } from './json.ts';
import { NameLookup } from './names.ts';
import { nearestName } from './nearest-name.ts';
import type { Option } from './option.ts';
import { toPath } from './path.ts';
import { readRegularFile, UserFileError } from './read-regular-file.ts';
import { keyForMessage, nameForMessage, pathForMessage } from './text-for-messages.ts';

/** The maximum size of a file with names, in MiB. Several hundred thousand names fit. */
const MAX_NAMES_FILE_MIB = 16;
const BYTE_ORDER_MARK = /^\ufeff/;

/**
 * Defines an option that takes names with their ids, as jumpcloud_names returns them, or the path
 * of a JSON file that contains them.
 */
export function nameLookupOption(): Option<NameLookup | undefined> {
  // Each call reads this option twice: once before the options that need it, and once with all
  // options. The first result is kept, so that a file of names is read only once.
  const lookups = new WeakMap<object, Promise<NameLookup>>();
  const read: Option<NameLookup>['read'] = (value, { rawOptions }) => {
    const lookup = lookups.get(rawOptions) ?? readLookup(value);
    lookups.set(rawOptions, lookup);
    return lookup;
  };
  return { type: 'raw', read };
}

async function readLookup(value: unknown): Promise<NameLookup> {
  if (typeof value !== 'string') return toNameLookup(value, 'the mapping');
  if (/^\s*[[{]/.test(value)) return toNameLookup(parseNames(value, 'the text'), 'the text');
  const path = await toPath(value);
  return toNameLookup(parseNames(readNamesFile(path), path), path);
}

function readNamesFile(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readRegularFile(path, MAX_NAMES_FILE_MIB);
  } catch (error) {
    if (!(error instanceof UserFileError)) throw error;
    throw new InvalidValue(
      `${pathForMessage(path) ?? 'the given file'} ${error.message}; give the path of a JSON file, or a mapping of each kind to a mapping of names to ids`,
    );
  }
  if (!isUtf8(bytes)) throw new InvalidValue(`${path} is not UTF-8; save it as UTF-8`);
  return bytes.toString('utf8').replace(BYTE_ORDER_MARK, '');
}

function parseNames(text: string, source: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new InvalidValue(`${source} ${error.message}`);
  }
}

function toNameLookup(value: unknown, source: string): NameLookup {
  if (!isMapping(value)) {
    throw new InvalidValue(
      `expected a mapping of each kind to a mapping of names to ids, or the path of a JSON file that holds one, got ${describeValue(value)}`,
    );
  }
  if ('names' in value) {
    throw new InvalidValue(
      `${source} is the whole result of jumpcloud_names; give only the value of its key "names"`,
    );
  }
  const names = new Map<NamedKind, ReadonlyMap<string, string>>();
  const issues: ValidationIssue[] = [];
  for (const [kind, objects] of Object.entries(value)) {
    if (!isKind(kind)) issues.push(unknownKindIssue(kind, source));
    else if (isMapping(objects)) names.set(kind, idsByName(kind, objects, issues));
    else if (objects !== null) {
      const message = `${kind}: expected a mapping of names to ids, got ${describeValue(objects)}`;
      issues.push({ path: [], message });
    }
  }
  if (issues.length > 0) throw new InvalidValue(issues);
  return new NameLookup(names);
}

function unknownKindIssue(kind: string, source: string): ValidationIssue {
  const nearest = nearestName(kind, NAMED_KINDS);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return {
    path: [],
    message: `${source}: ${keyForMessage(kind)} is not a kind of object${hint}`,
    advice: `Known kinds are ${NAMED_KINDS.join(', ')}`,
  };
}

/**
 * Returns the ids of objects of one kind, by name. Each value of `objects` is an id, or a mapping
 * with the key `id`.
 */
function idsByName(
  kind: NamedKind,
  objects: Record<string, unknown>,
  issues: ValidationIssue[],
): Map<string, string> {
  const ids = new Map<string, string>();
  for (const [name, object] of Object.entries(objects)) {
    const id = isMapping(object) ? object['id'] : object;
    if (typeof id === 'string' && isId(id)) {
      ids.set(name, id.toLowerCase());
      continue;
    }
    const got = id === undefined ? 'a mapping without that key' : describeValue(id);
    const message = `${kind}: ${nameForMessage(name)}: expected an id (24 hexadecimal digits), or a mapping with the key "id", got ${got}`;
    issues.push({ path: [], message });
  }
  return ids;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isKind(kind: string): kind is NamedKind {
  return NAMED_KINDS.some((known) => known === kind);
}
