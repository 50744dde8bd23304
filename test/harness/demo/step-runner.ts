/** The variables of the demo's playbooks, by name. */
export type Variables = Readonly<Record<string, string>>;

/** A playbook of the demo. */
export type Playbook = 'playbook.yml' | 'removal.yml';

/** Where a playbook of the demo lies. */
export function playbookPath(name: Playbook): string {
  return new URL(`../../../ansible-examples/demo/${name}`, import.meta.url).pathname;
}

/** What came of one run of the playbook. */
export interface StepOutcome {
  /** How many of its tasks changed something, or would have. */
  readonly changed: number;
  readonly failed: number;
  /** What a person is to see of it. */
  readonly output: string;
}

/** One way to run a playbook of the demo. */
export type StepRunner = (
  playbook: Playbook,
  variables: Variables,
  flags: readonly ('--check' | '--diff')[],
) => Promise<StepOutcome>;

/** The emulator is on this host, where no proxy of the environment may stand in between. */
export const withoutProxy = { HTTPS_PROXY: '', https_proxy: '' } as const;
