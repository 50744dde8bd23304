import { MARKER_FORMAT } from './record-marker.ts';
import {
  KNOWN_FIELDS,
  KNOWN_HEADERS,
  KNOWN_VALUES,
  KNOWN_WORDS,
  MESSAGE_FIELDS,
} from './vocabulary.ts';

const ID = /[0-9a-f]{24}/g;
const MAX_ENTRIES = 5;
const MAX_WORDS = 40;
const MAX_NUMBER = 100_000;

/**
 * Replaces everything in requests and answers that could identify an organisation. Keeps only known
 * fields, values and words of the API, small numbers, and labels. Equal ids get equal labels.
 */
export class Anonymiser {
  readonly #labels = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** Sets the label that replaces an id or a text in the report. */
  name(text: string, label: string): void {
    if (!this.#labels.has(text)) this.#labels.set(text, label);
  }

  /** Returns a path with labels instead of ids and names. */
  path(path: string): string {
    const withIds = path.replace(ID, (id) => `{${this.#labelOf(id)}}`);
    return withIds.replace(/jsc-probe-[0-9a-f]{8}(-\w+-\d)?/g, '{test name}');
  }

  /** Returns the form of a body: known fields, with labels instead of ids and texts. */
  shape(value: unknown, field = ''): unknown {
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'number') return value >= 0 && value < MAX_NUMBER ? value : '{number}';
    if (typeof value === 'string') return this.#text(value, field);
    if (Array.isArray(value)) {
      const shown = value.slice(0, MAX_ENTRIES).map((entry) => this.shape(entry, field));
      const more = value.length - shown.length;
      return more > 0 ? [...shown, `{and ${more} more}`] : shown;
    }
    const entries = Object.entries(Object(value));
    const known = entries.filter(([key]) => KNOWN_FIELDS.has(key));
    const others = entries.length - known.length;
    return {
      ...Object.fromEntries(known.map(([key, inner]) => [key, this.shape(inner, key)])),
      ...(others > 0 && { '{other fields}': others }),
    };
  }

  /**
   * Returns the headers that a report shows. Replaces values that do not have the expected form.
   */
  headers(headers: Readonly<Record<string, string>>): Record<string, string> {
    const shown: Record<string, string> = {};
    for (const [name, pattern] of Object.entries(KNOWN_HEADERS)) {
      const value = headers[name];
      if (value === undefined) continue;
      shown[name] = pattern.test(value)
        ? value
        : name === 'retry-after'
          ? maskRetryDate(value)
          : '{other}';
    }
    if (headers['link'] !== undefined) {
      shown['link'] = /rel="?next/.test(headers['link']) ? '{has rel=next}' : '{other}';
    }
    return shown;
  }

  #text(text: string, field: string): string {
    if (KNOWN_VALUES.has(text)) return text;
    if (/^[0-9a-f]{24}$/.test(text)) return `{${this.#labelOf(text)}}`;
    const label = this.#labels.get(text) ?? labelTestText(text);
    if (label !== undefined) return `{${label}}`;
    if (MESSAGE_FIELDS.has(field)) return this.#message(text);
    return text === '' ? '' : '{text}';
  }

  /** Keeps the known words of a message. */
  #message(text: string): string {
    const words = text.split(/\s+/).slice(0, MAX_WORDS);
    const shown = words.map((word) => {
      const [, core = ''] = /^["'(]?([A-Za-z]+)[)"'.,:;!?]*$/.exec(word) ?? [];
      if (KNOWN_WORDS.has(core.toLowerCase()) || /^\d{1,3}$/.test(word)) return word;
      const id = /^["'(]?([0-9a-f]{24})[)"'.,:;!?]*$/.exec(word)?.[1];
      return id === undefined ? '…' : `{${this.#labelOf(id)}}`;
    });
    return shown.join(' ').replace(/…(?: …)+/g, '…');
  }

  #labelOf(id: string): string {
    const known = this.#labels.get(id);
    if (known !== undefined) return known;
    const count = (this.#counts.get('id') ?? 0) + 1;
    this.#counts.set('id', count);
    const label = `id ${count}`;
    this.#labels.set(id, label);
    return label;
  }
}

/** Returns the label of a text that the probe generated. */
function labelTestText(text: string): string | undefined {
  if (MARKER_FORMAT.test(text)) return 'changed description';
  const [, label, at] = /^jsc-probe-[0-9a-f]{8}-([a-z]+-\d)(@example\.com)?$/.exec(text) ?? [];
  if (label !== undefined) return `${at ? 'address' : 'name'} of ${label.replace('-', ' ')}`;
  return /^jsc-probe-[0-9a-f]{8}$/.test(text) ? 'name of no host' : undefined;
}

function maskRetryDate(value: string): string {
  return Number.isNaN(Date.parse(value)) ? '{other}' : '{date}';
}
