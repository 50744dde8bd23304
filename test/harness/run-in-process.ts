import type { ModuleName } from '../../src/modules.ts';
import type { Answer } from './answer.ts';
import { callInProcess, moduleNamed } from './call-in-process.ts';

/** Runs a module with --diff in this process, as its executable would. */
export async function runInProcess(
  name: ModuleName,
  options: Record<string, unknown>,
  check: boolean,
): Promise<Answer> {
  const flags = ['--diff', ...(check ? ['--check'] : [])];
  const { text } = await callInProcess(moduleNamed(name), [JSON.stringify(options), ...flags]);
  return JSON.parse(text);
}
