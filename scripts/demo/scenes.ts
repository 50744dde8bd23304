import type { Emulator } from '../../test/emulator/emulator.ts';
import type { EnrolledHost } from '../../test/emulator/enrol.ts';
import type { Flag, Playbook } from '../../test/harness/demo/step-runner.ts';

/** One run of a playbook, and its expected outcome. */
export interface Scene {
  readonly title: string;
  readonly playbook: Playbook;
  readonly flags: readonly Flag[];
  /** Acts on JumpCloud before the run, as an administrator. Returns a sentence that says what it did. */
  readonly prepare?: (emulator: Emulator, host: EnrolledHost) => string;
  /** Whether the run reports a change. */
  readonly changes: boolean;
  /** Whether the run sends a request that writes. */
  readonly writes: boolean;
}

export const SCENES: readonly Scene[] = [
  {
    title: 'Check: what would change? (--check --diff)',
    playbook: 'playbook.yml',
    flags: ['--check', '--diff'],
    changes: true,
    writes: false,
  },
  {
    title: 'Apply the playbook',
    playbook: 'playbook.yml',
    flags: [],
    changes: true,
    writes: true,
  },
  {
    title: 'Apply it again: nothing to change',
    playbook: 'playbook.yml',
    flags: [],
    changes: false,
    writes: false,
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
    changes: true,
    writes: true,
  },
  {
    title: 'Remove the host from JumpCloud',
    playbook: 'removal.yml',
    flags: [],
    changes: true,
    writes: true,
  },
];
