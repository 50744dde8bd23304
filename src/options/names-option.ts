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
import { quoteKey, quoteName, quotePath } from './quote-name.ts';
import { readRegularFile, UserFileError } from './read-regular-file.ts';

/** Room for some hundred thousand names. */
const MAX_MIB = 16;
const BYTE_ORDER_MARK = /^\ufeff/;

/** Names that stand for ids, as jumpcloud_names gives them, or the path of a JSON file that holds them. */
export function namesOption(): Option<NameLookup | undefined> {
  // The other options of a call are read with them, before and beside this one.
  const readings = new WeakMap<object, Promise<NameLookup>>();
  const read: Option<NameLookup>['read'] = (value, { given }) => {
    const reading = readings.get(given) ?? toNames(value);
    readings.set(given, reading);
    return reading;
  };
  return { type: 'raw', read };
}

async function toNames(value: unknown): Promise<NameLookup> {
  if (typeof value !== 'string') return toNameLookup(value, 'the mapping');
  if (/^\s*[[{]/.test(value)) return toNameLookup(parse(value, 'the text'), 'the text');
  const path = await toPath(value);
  return toNameLookup(parse(readNames(path), path), path);
}

function readNames(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readRegularFile(path, MAX_MIB);
  } catch (error) {
    if (!(error instanceof UserFileError)) throw error;
    throw new InvalidValue(
      `${quotePath(path) ?? 'the given file'} ${error.message}; give the path of a JSON file, or the names themselves`,
    );
  }
  if (!isUtf8(bytes)) throw new InvalidValue(`${path} is not UTF-8; save it as UTF-8`);
  return bytes.toString('utf8').replace(BYTE_ORDER_MARK, '');
}

function parse(text: string, where: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new InvalidValue(`${where} ${error.message}`);
  }
}

function toNameLookup(value: unknown, where: string): NameLookup {
  if (!isMapping(value)) {
    throw new InvalidValue(
      `expected a mapping of kinds to names and ids, or the path of a JSON file that holds one, got ${describeValue(value)}`,
    );
  }
  if ('names' in value) {
    throw new InvalidValue(
      `${where} is the whole result of jumpcloud_names; give what stands under names in it`,
    );
  }
  const names: Partial<Record<NamedKind, Record<string, string>>> = {};
  const issues: ValidationIssue[] = [];
  for (const [kind, of] of Object.entries(value)) {
    if (!isKind(kind)) issues.push(unknownKind(kind, where));
    else if (isMapping(of)) names[kind] = idsByName(kind, of, issues);
    else if (of !== null) {
      const message = `${kind}: expected a mapping of names to ids, got ${describeValue(of)}`;
      issues.push({ path: [], message });
    }
  }
  if (issues.length > 0) throw new InvalidValue(issues);
  return new NameLookup(names);
}

function unknownKind(kind: string, where: string): ValidationIssue {
  const meant = nearestName(kind, NAMED_KINDS);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return {
    path: [],
    message: `${where}: ${quoteKey(kind)} is no kind of object${hint}`,
    advice: `Known kinds are ${NAMED_KINDS.join(', ')}`,
  };
}

/** Returns the ids of one kind, each as it is or from a mapping whose other keys do not matter. */
function idsByName(
  kind: NamedKind,
  objects: Record<string, unknown>,
  issues: ValidationIssue[],
): Record<string, string> {
  const ids = Object.entries(objects).flatMap(([name, object]) => {
    const id = isMapping(object) ? object['id'] : object;
    if (typeof id === 'string' && isId(id)) return [[name, id.toLowerCase()]];
    const message = `${kind}: ${quoteName(name)}: expected an id (24 hexadecimal digits), or a mapping with one, got ${describeValue(id)}`;
    issues.push({ path: [], message });
    return [];
  });
  return Object.fromEntries(ids);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isKind(kind: string): kind is NamedKind {
  return NAMED_KINDS.some((known) => known === kind);
}
