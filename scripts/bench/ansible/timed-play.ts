import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Controller } from '../../../test/harness/ansible/controller.ts';

/**
 * The times of a play in seconds: the wall time of ansible-playbook, and the time of each task over
 * all hosts.
 */
export interface PlayTime {
  readonly wall: number;
  readonly tasks: readonly (readonly [name: string, seconds: number])[];
}

/** Runs a playbook that must succeed on every host. */
export async function measurePlay(
  controller: Controller,
  playbook: string,
  flags: readonly string[],
  pipelining: boolean,
): Promise<PlayTime> {
  const start = performance.now();
  const { output, exitCode } = await controller.playbook(playbook, {
    flags,
    env: {
      ANSIBLE_CALLBACK_PLUGINS: join(controller.directory, 'callback_plugins'),
      ANSIBLE_CALLBACKS_ENABLED: 'task_times',
      ANSIBLE_SSH_CONTROL_PATH_DIR: join(controller.directory, 'cp'),
      ANSIBLE_PIPELINING: String(pipelining),
    },
  });
  const wall = (performance.now() - start) / 1000;
  const tasks = /^TASK TIMES (.*)$/m.exec(output)?.[1];
  if (exitCode !== 0 || tasks === undefined) throw new Error(`${playbook} failed:\n${output}`);
  return { wall, tasks: JSON.parse(tasks) };
}
