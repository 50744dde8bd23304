import type { Problem } from '../base/errors.ts';
import { coerceBoolean, coerceNumber } from '../options/coercions.ts';
import type { CommandLine } from './command-line.ts';

/** The settings of a run that are not options of the module. */
export interface RunMode {
  readonly check: boolean;
  readonly diff: boolean;
  /** The number of Ansible's -v flags. */
  readonly verbosity: number;
  /**
   * True if Ansible is the caller. Waits are then not shown on stderr, because Ansible may read
   * stderr as part of the result.
   */
  readonly isFromAnsible: boolean;
}

/**
 * Removes Ansible's `_ansible_*` keys from the options, and returns the run mode. Check mode and
 * diff mode can each be turned on by a key or by a command-line flag.
 */
export function extractAnsibleKeys(
  options: Map<string, unknown>,
  flags: CommandLine,
): RunMode & { problems: Problem[] } {
  const ansibleKeys = new Map<string, unknown>();
  for (const [name, value] of options) {
    if (!name.startsWith('_ansible_')) continue;
    ansibleKeys.set(name, value);
    options.delete(name);
  }
  const problems: Problem[] = [];
  const isSet = (option: string): boolean => {
    const value = ansibleKeys.get(option) ?? false;
    const coerced = coerceBoolean(value);
    // An invalid value is reported as a problem. To be safe, it also counts as true: false could
    // turn check mode into a run that writes.
    if (coerced === undefined) problems.push({ option, message: 'expected true or false' });
    return coerced ?? true;
  };
  return {
    check: flags.check || isSet('_ansible_check_mode'),
    diff: flags.diff || isSet('_ansible_diff'),
    verbosity: coerceNumber(ansibleKeys.get('_ansible_verbosity')) ?? 0,
    isFromAnsible: ansibleKeys.size > 0,
    problems,
  };
}
