import { escapeInvisible } from '../../base/printable.ts';

/**
 * Matches text that YAML accepts without quotes. YAML reads some of it as another type, see
 * `NON_STRING_SCALAR`.
 */
const PLAIN_SCALAR = /^\w(?:[\w./()@+ -]*[\w./()@+-])?$/;
/** Matches words and numbers that YAML 1.1 or 1.2 does not read as text. */
const NON_STRING_SCALAR =
  /^(?:true|false|yes|no|on|off|y|n|null|0[xob].*|[\d.+_-]*(?:e[\d.+_-]*)?)$/i;

/** Returns the lines of a JSON value in YAML. Text that could be misread is quoted as in JSON. */
export function toYaml(value: unknown): string[] {
  if (!isBlock(value)) return [toYamlScalar(value)];
  if (Array.isArray(value)) {
    return value.flatMap((item) =>
      toYaml(item).map((line, i) => (i === 0 ? `- ${line}` : `  ${line}`)),
    );
  }
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = toYamlScalar(key);
    const lines = toYaml(inner);
    return isBlock(inner) ? [`${name}:`, ...lines.map((line) => `  ${line}`)] : `${name}: ${lines}`;
  });
}

/** Renders a scalar, or an empty list or mapping, as one line of YAML. */
export function toYamlScalar(value: unknown): string {
  if (typeof value === 'string' && PLAIN_SCALAR.test(value) && !NON_STRING_SCALAR.test(value))
    return value;
  return escapeInvisible(JSON.stringify(value) ?? 'null');
}

/**
 * Returns whether a value is a list or mapping that is not empty. Every other value takes one line.
 */
function isBlock(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}
