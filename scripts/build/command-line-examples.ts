import { parse } from 'yaml';
import type { ModuleDocumentation } from './module-documentation.ts';

/** The longest command line that is not broken into several lines, in columns. */
const MAX_COLUMNS = 78;

/**
 * Returns the documentation's examples as command lines, except those with a template. A long one
 * has its options on several lines, which a shell accepts as well.
 */
export function commandLineExamples({
  DOCUMENTATION: { module },
  EXAMPLES,
}: ModuleDocumentation): string[] {
  const tasks: readonly Record<string, unknown>[] = parse(EXAMPLES, { version: '1.1' });
  return tasks
    .flatMap((task) => Object.entries(task).filter(([key]) => key.endsWith(`.${module}`)))
    .map(([, options]) => options ?? {})
    .filter((options) => !JSON.stringify(options).includes('{{'))
    .map((options) => {
      const line = `${module} '${JSON.stringify(options)}'`;
      return line.length <= MAX_COLUMNS ? line : `${module} '${indented(options)}'`;
    });
}

/** Returns JSON with each option on a line, and longer values inside on several lines. */
function indented(value: unknown, indent = ''): string {
  const line = JSON.stringify(value);
  const inner = `${indent}  `;
  if (typeof value !== 'object' || value === null) return line;
  if (indent !== '' && indent.length + line.length <= MAX_COLUMNS - 24) return line;
  const items = Array.isArray(value)
    ? value.map((item) => inner + indented(item, inner))
    : Object.entries(value).map(
        ([key, item]) => `${inner}${JSON.stringify(key)}: ${indented(item, inner)}`,
      );
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
}
