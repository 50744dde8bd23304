import { parse } from 'yaml';
import type { ModuleDocumentation } from './module-documentation.ts';

/** The maximum length of a command line in columns. A longer command line is split. */
const MAX_COLUMNS = 78;

/**
 * Returns the documentation's examples as command lines. Skips examples with Jinja templates. A
 * long command line has one option per line.
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
      return line.length <= MAX_COLUMNS ? line : `${module} '${formatJson(options)}'`;
    });
}

/** Formats JSON with one option per line. Splits long values into several lines. */
function formatJson(value: unknown, indent = ''): string {
  const line = JSON.stringify(value);
  const inner = `${indent}  `;
  if (typeof value !== 'object' || value === null) return line;
  if (indent !== '' && indent.length + line.length <= MAX_COLUMNS - 24) return line;
  const items = Array.isArray(value)
    ? value.map((item) => inner + formatJson(item, inner))
    : Object.entries(value).map(
        ([key, item]) => `${inner}${JSON.stringify(key)}: ${formatJson(item, inner)}`,
      );
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
}
