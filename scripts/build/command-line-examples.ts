import { parse } from 'yaml';
import type { ModuleDocumentation } from './module-documentation.ts';

/** Returns the documentation's examples as command lines, except those with a template. */
export function commandLineExamples({
  DOCUMENTATION: { module },
  EXAMPLES,
}: ModuleDocumentation): string[] {
  const tasks: readonly Record<string, unknown>[] = parse(EXAMPLES, { version: '1.1' });
  return tasks
    .flatMap((task) => Object.entries(task).filter(([key]) => key.endsWith(`.${module}`)))
    .map(([, options]) => JSON.stringify(options ?? {}))
    .filter((options) => !options.includes('{{'))
    .map((options) => `${module} '${options}'`);
}
