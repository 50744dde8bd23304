import { escapeHidden, truncate } from '../base/printable.ts';
import type { LoggedWrite } from '../run.ts';

/**
 * The space for a list of attributes, in bytes. Keeps a line below 1,000 bytes, because logger splits
 * longer lines, and the second part would look like another entry.
 */
const MAX_LIST_BYTES = 700;

/** Characters that would end a quoted value, start another field, or look like an escape. */
const DELIMITERS = /[\t-\r"=\\]/g;

/**
 * Returns a write as one line of `key=value` fields, those of fixed length first. A quoted value is a
 * JSON string without `=` and line breaks, so that no name can be read as another field or line.
 */
export function auditLine(write: LoggedWrite): string {
  const { op, type, id, systemId, name, fields, attributes = [] } = write;
  const grants = op !== 'remove' && /^user/.test(type);
  const { sudo = false, sudo_without_password = false } = write.sudo ?? {};
  const listed = attributesThatFit(attributes);
  const omitted = attributes.length - listed.length;
  const values = {
    op,
    type,
    id,
    ...(grants && { sudo, sudo_without_password }),
    system: systemId,
    name: name && quote(name),
    fields,
    attributes: listed.join() || undefined,
    attributes_omitted: omitted || undefined,
  };
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map((pair) => pair.join('='))
    .join(' ');
}

/** Returns as many names from the start of a list as fit, each quoted if necessary. */
function attributesThatFit(names: readonly string[]): string[] {
  const listed: string[] = [];
  let bytes = 0;
  for (const name of names) {
    const text = /^[\w.-]{1,60}$/.test(name) ? name : quote(name);
    bytes += Buffer.byteLength(text) + 1;
    if (bytes > MAX_LIST_BYTES + 1) break;
    listed.push(text);
  }
  return listed;
}

function quote(text: string): string {
  const quoted = truncate(text).replace(
    DELIMITERS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escapeHidden(quoted)}"`;
}
