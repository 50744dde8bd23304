import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDirectory } from '../build/project-directory.ts';
import type { Publisher } from '../build/publisher.ts';

/**
 * The contents of `packaging/publisher.json`: the publisher of releases. The file is empty until
 * someone publishes releases.
 */
export interface PublisherSettings extends Publisher {
  /** The user or team that reviews changes: `@NAME` or `@ORGANISATION/TEAM`. */
  readonly owner: string;
  /** The address at which `dist/repository` is published. */
  readonly packages: string;
}

const SETTING_FORMATS: Readonly<
  Record<keyof PublisherSettings, readonly [form: RegExp, text: string]>
> = {
  maintainer: [/^[^<>]+ <[^<>\s]+@[^<>\s]+>$/, 'a name and an address: NAME <ADDRESS>'],
  owner: [/^@[\w-]+(\/[\w.-]+)?$/, '@NAME or @ORGANISATION/TEAM, as in .github/CODEOWNERS'],
  repository: [/^https:\/\/\S+$/, 'an https:// address'],
  issues: [/^https:\/\/\S+$/, 'an https:// address'],
  homepage: [/^https:\/\/\S+$/, 'an https:// address'],
  documentation: [/^https:\/\/\S+$/, 'an https:// address'],
  packages: [/^https:\/\/\S*[^\s/]$/, 'an https:// address without a slash at its end'],
};

/** Reads `packaging/publisher.json`. */
export async function readPublisherSettings(): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(join(projectDirectory, 'packaging/publisher.json'), 'utf8'));
}

/** Returns a sentence for each setting that is missing or invalid. */
export function findSettingsProblems(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(SETTING_FORMATS).flatMap(([name, [form, text]]) => {
    const value = settings[name];
    const isValid = typeof value === 'string' && form.test(value);
    return isValid ? [] : [`packaging/publisher.json: ${name} must be ${text}.`];
  });
}
