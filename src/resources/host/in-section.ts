import { ModuleError } from '../../base/errors.ts';

/** Rethrows an error, and adds the section of the document to its details. */
export function inSection(section: string, error: unknown): never {
  if (!(error instanceof ModuleError)) throw error;
  throw error.withDetails({ section });
}
