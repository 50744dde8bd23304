import type { Problem } from '../base/errors.ts';
import { coerceBoolean, coerceNumber } from '../options/coercions.ts';
import type { CommandLine } from './command-line.ts';

/** What the caller asks of a run besides its options. */
export interface CallSettings {
  readonly check: boolean;
  readonly diff: boolean;
  /** Ansible's number of -v. */
  readonly verbosity: number;
  /** Whether Ansible calls, which takes all that is on the terminal for the result. */
  readonly isFromAnsible: boolean;
}

/**
 * Takes Ansible's own `_ansible_*` keys out of a call's options; what they and the flags ask for
 * adds up.
 */
export function extractAnsibleKeys(
  given: Map<string, unknown>,
  flags: CommandLine,
): CallSettings & { problems: Problem[] } {
  const internal = new Map<string, unknown>();
  for (const [name, value] of given) {
    if (!name.startsWith('_ansible_')) continue;
    internal.set(name, value);
    given.delete(name);
  }
  const problems: Problem[] = [];
  const flag = (option: string): boolean => {
    const value = internal.get(option) ?? false;
    const read = coerceBoolean(value);
    // Taking what cannot be understood for false would turn a prediction into a write.
    if (read === undefined) problems.push({ option, message: 'expected true or false' });
    return read ?? true;
  };
  return {
    check: flags.check || flag('_ansible_check_mode'),
    diff: flags.diff || flag('_ansible_diff'),
    verbosity: coerceNumber(internal.get('_ansible_verbosity')) ?? 0,
    isFromAnsible: internal.size > 0,
    problems,
  };
}
