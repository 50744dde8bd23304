/** The variables of the demo's playbook. */
export interface Variables {
  readonly agent_dir: string;
  readonly api_url: string;
  readonly display_name: string;
}

/** What came of one run of the playbook. */
export interface StepOutcome {
  /** How many of its tasks changed something, or would have. */
  readonly changed: number;
  readonly failed: number;
  /** What a person is to see of it. */
  readonly output: string;
}

/** One way to run the demo's playbook. */
export type StepRunner = (
  variables: Variables,
  flags: readonly ('--check' | '--diff')[],
) => Promise<StepOutcome>;

/** The emulator is on this host, where no proxy of the environment may stand in between. */
export const withoutProxy = { HTTPS_PROXY: '', https_proxy: '' } as const;
