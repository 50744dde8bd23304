import type { Client } from './client.ts';
import type { TestObjects } from './test-objects.ts';

/** The context in which questions are asked. */
export interface Probe {
  readonly client: Client;
  readonly objects: TestObjects;
  readonly agentDir: string;
  /** This host's record before the run. */
  readonly record: Readonly<Record<string, unknown>>;
  /** The ids of the organisation's dynamic groups before the run. */
  readonly dynamicGroups: ReadonlySet<string>;
  /** The time to wait until a missing effect counts as none, in milliseconds. */
  settleMs: number;
}

/** How sure the assumption is: documented by one source, or inferred. */
export type Confidence = 'documented' | 'one source' | 'inferred';

/** The verdict about an answer. `open`: the answer does not decide. */
export type Verdict = 'as assumed' | 'otherwise' | 'open';

/** An answer's meaning. */
export interface Judgement {
  readonly verdict: Verdict;
  /** The answer in one sentence. */
  readonly summary: string;
  /** What a module does under this answer. */
  readonly module: string;
}

/** A question about JumpCloud's behaviour. */
export interface Question<T extends object = object> {
  /** The name of the answer, also for the emulator. */
  readonly id: string;
  readonly question: string;
  readonly assumption: string;
  readonly confidence: Confidence;
  /** What the modules do if the assumption is wrong, for the documentation. */
  readonly otherwise: string;
  /** @throws Unanswered */
  readonly ask: (probe: Probe) => Promise<T>;
  readonly judge: (answer: T) => Judgement;
}

/** Checks the types of a question, and forgets the type of its answer. */
export function question<T extends object>(definition: Question<T>): Question {
  return definition as unknown as Question;
}

/** Returns the verdict for a condition. */
export function verdictIf(isAsAssumed: boolean): Verdict {
  return isAsAssumed ? 'as assumed' : 'otherwise';
}
