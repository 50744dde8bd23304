/** The variables of the demo's playbooks, by name. */
export type Variables = Readonly<Record<string, unknown>>;

/** A playbook of the demo. */
export type Playbook = 'playbook.yml' | 'removal.yml';

/** Returns the path of a playbook of the demo. */
export function playbookPath(name: Playbook): string {
  return new URL(`../../../ansible-examples/demo/${name}`, import.meta.url).pathname;
}

/** The outcome of one run of a playbook. */
export interface StepOutcome {
  /** The number of tasks that changed something; in check mode, that would change something. */
  readonly changed: number;
  readonly failed: number;
  /** The text to show to the user. */
  readonly output: string;
}

/** A flag of `ansible-playbook`. */
export type Flag = '--check' | '--diff';

/** A function that runs a playbook of the demo. */
export type StepRunner = (
  playbook: Playbook,
  variables: Variables,
  flags: readonly Flag[],
) => Promise<StepOutcome>;

/** An environment without a proxy, because the emulator is on this host. */
export const noProxyEnvironment = { HTTPS_PROXY: '', https_proxy: '' } as const;
