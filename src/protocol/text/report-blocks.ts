import type { Result } from '../result.ts';
import { isObjectList, toEdgeRows } from './edge-rows.ts';
import { renderTable } from './wrap.ts';

/** Lines under a title. Lines without a title are not indented. */
export interface Block {
  readonly title: string;
  readonly lines: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;
type NamesById = Readonly<Record<string, string>>;

/** The data for rendering each block of a result: the names by id, and the width in columns. */
interface Context {
  readonly names: NamesById;
  readonly columns: number;
}

/** Result fields that get no block of their own. */
const FIELDS_WITHOUT_OWN_BLOCK = new Set([
  ...['changed', 'failed', 'msg', 'warnings', 'error', 'forPeople', 'diff', 'system_id', 'names'],
  ...['added', 'updated', 'dynamic', 'checks'],
]);

/** Lists that are reported even when they are empty. */
const MAIN_LISTS = ['groups', 'users', 'associations'];

/** The fields of the record that are shown. */
const RECORD_FIELDS = ['id', 'hostname', 'os', 'version', 'active', 'lastContact', 'created'];

/** The maximum number of rows that are shown for a list. */
const MAX_ROWS = 40;

/**
 * Renders the result fields as blocks of lines. `columns` is the available width. `names` maps ids
 * to names.
 */
export function toReportBlocks(
  { sections, ...fields }: Result,
  names: NamesById,
  columns: number,
): Block[] {
  const context = { names, columns };
  const ofSections = Object.entries(Object(sections)).flatMap(([section, inner]) =>
    fieldBlocks(inner as Fields, context, section),
  );
  return [...fieldBlocks(fields, context), ...ofSections];
}

/** Renders the result fields of a module, or of one section of a document. */
function fieldBlocks(fields: Fields, context: Context, section?: string): Block[] {
  const others: Record<string, unknown> = {};
  const blocks = Object.entries(fields).flatMap(([field, value]): Block[] => {
    if (FIELDS_WITHOUT_OWN_BLOCK.has(field)) return [];
    if (field === 'removed')
      return 'added' in fields ? [] : renderList(field, value, fields, context);
    if (Array.isArray(value)) return renderList(field, value, fields, context, section);
    if (typeof value !== 'object' || value === null) {
      others[field] = value;
      return [];
    }
    switch (field) {
      case 'associations':
        return Object.entries(value).flatMap(([type, edges]) =>
          renderList('associations', edges, {}, context, `${type.replace('_', ' ')} associations`),
        );
      case 'system':
        // Only the result of jumpcloud_system_info has the field `enrolled`. The modules that
        // change settings show the field `settings` instead of the record.
        return 'enrolled' in fields
          ? renderMapping('record', pick(value, RECORD_FIELDS), context)
          : [];
      default:
        return renderMapping(field === 'settings' ? (section ?? field) : field, value, context);
    }
  });
  return [...renderMapping('', others, context), ...blocks];
}

function renderList(
  field: string,
  value: unknown,
  changes: Fields,
  { names, columns }: Context,
  title = field,
) {
  if (!Array.isArray(value) || (value.length === 0 && !MAIN_LISTS.includes(field))) return [];
  const rows = isObjectList(value)
    ? toEdgeRows(value, changes, names)
    : value.map((item) => [`${item}`]);
  const more = rows.length - MAX_ROWS;
  const lines = [
    ...renderTable(rows.slice(0, MAX_ROWS), columns),
    ...(more > 0 ? [`and ${more} more (list all with --json)`] : []),
  ];
  return [{ title: `${title} (${value.length})`, lines }];
}

/** Returns a mapping as a block, or no block if it is empty. */
function renderMapping(title: string, value: object, { columns }: Context): Block[] {
  const rows = toRows(value);
  return rows.length === 0 ? [] : [{ title, lines: renderTable(rows, columns) }];
}

/** Returns the entries of a mapping as rows. Nested entries get names such as `a.b`. */
function toRows(value: object, prefix = ''): [name: string, text: string][] {
  return Object.entries(value).flatMap(([key, inner]): [string, string][] => {
    const name = prefix + key;
    if (Array.isArray(inner)) return [[name, inner.join(', ')]];
    if (typeof inner === 'object' && inner !== null) return toRows(inner, `${name}.`);
    return [[name, inner === null ? '-' : inner === '' ? '""' : String(inner)]];
  });
}

function pick(value: object, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
}
