import type { Emulator } from '../../test/emulator/emulator.ts';
import type { EnrolledHost } from '../../test/emulator/enrol.ts';
import type { Flag, Playbook } from '../../test/harness/demo/step-runner.ts';

/** One run of a playbook, and its expected outcome. */
export interface Scene {
  readonly title: string;
  readonly playbook: Playbook;
  readonly flags: readonly Flag[];
  /** Changes objects in JumpCloud before the run. Returns a sentence that describes the change. */
  readonly prepare?: (emulator: Emulator, host: EnrolledHost) => string;
  /** Whether the run reports a change. */
  readonly expectsChange: boolean;
  /** Whether the run sends a request that writes. */
  readonly expectsWrite: boolean;
}

export const SCENES: readonly Scene[] = [
  {
    title: 'Check: what would change? (--check --diff)',
    playbook: 'playbook.yml',
    flags: ['--check', '--diff'],
    expectsChange: true,
    expectsWrite: false,
  },
  {
    title: 'Apply the playbook',
    playbook: 'playbook.yml',
    flags: [],
    expectsChange: true,
    expectsWrite: true,
  },
  {
    title: 'Apply the playbook again: nothing to change',
    playbook: 'playbook.yml',
    flags: [],
    expectsChange: false,
    expectsWrite: false,
  },
  {
    title: 'Repair drift',
    prepare: ({ store }, { systemId }) => {
      store.record(systemId)['allowSshRootLogin'] = true;
      for (const id of store.groupsOf(systemId)) store.leave(systemId, id);
      return 'An administrator allowed root login and took the host out of its group.';
    },
    playbook: 'playbook.yml',
    flags: ['--diff'],
    expectsChange: true,
    expectsWrite: true,
  },
  {
    title: 'Remove the host from JumpCloud',
    playbook: 'removal.yml',
    flags: [],
    expectsChange: true,
    expectsWrite: true,
  },
];
