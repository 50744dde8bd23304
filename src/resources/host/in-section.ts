import { ModuleError } from '../../base/errors.ts';

/** Throws an error again, with the section of the document that it is about. */
export function inSection(section: string, error: unknown): never {
  if (!(error instanceof ModuleError)) throw error;
  throw error.withDetails({ section });
}
