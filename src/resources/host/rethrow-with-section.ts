import { ModuleError } from '../../base/errors.ts';

/** Rethrows an error, with the section of the document added to the error's details. */
export function rethrowWithSection(section: string, error: unknown): never {
  if (!(error instanceof ModuleError)) throw error;
  throw error.withDetails({ section });
}
