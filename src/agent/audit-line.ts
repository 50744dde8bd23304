import { escapeInvisible, truncate } from '../base/printable.ts';
import type { LoggedWrite } from '../run.ts';

/**
 * The maximum length of the list of attributes in a line, in bytes. Keeps the line below 1,000
 * bytes, because `logger` splits a longer line into two entries.
 */
const MAX_LIST_BYTES = 700;

/** Characters that would end a quoted value, start another field, or look like an escape. */
const DELIMITERS = /[\t-\r"=\\]/g;

/**
 * Formats a write as one line of `key=value` fields. Fields of fixed length come first. A quoted
 * value is a JSON string in which `=` and line breaks are escaped, so that a name cannot imitate a
 * field or line.
 */
export function formatAuditLine(write: LoggedWrite): string {
  const { op, type, id, systemId, name, fields, attributes = [] } = write;
  const hasSudoFields = op !== 'remove' && /^user/.test(type);
  const { sudo = false, sudo_without_password = false } = write.sudo ?? {};
  const fittingNames = selectFittingNames(attributes);
  const omittedCount = attributes.length - fittingNames.length;
  const valuesByField = {
    op,
    type,
    id,
    ...(hasSudoFields && { sudo, sudo_without_password }),
    system: systemId,
    name: name && quote(name),
    fields,
    attributes: fittingNames.join() || undefined,
    attributes_omitted: omittedCount || undefined,
  };
  return Object.entries(valuesByField)
    .filter(([, value]) => value !== undefined)
    .map((pair) => pair.join('='))
    .join(' ');
}

/**
 * Returns as many names from the start of a list as fit in MAX_LIST_BYTES. Puts a name in quotes if
 * it has special characters.
 */
function selectFittingNames(names: readonly string[]): string[] {
  const fittingNames: string[] = [];
  let byteCount = 0;
  for (const name of names) {
    const text = /^[\w.-]{1,60}$/.test(name) ? name : quote(name);
    byteCount += Buffer.byteLength(text) + 1;
    if (byteCount > MAX_LIST_BYTES + 1) break;
    fittingNames.push(text);
  }
  return fittingNames;
}

function quote(text: string): string {
  const escaped = truncate(text).replace(
    DELIMITERS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escapeInvisible(escaped)}"`;
}
