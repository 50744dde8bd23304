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
  /**
   * The maximum time to wait until a change is visible, in milliseconds. A change that is not
   * visible by then counts as ineffective.
   */
  settleMs: number;
}

/** The basis of an assumption. */
export type Confidence = 'documented' | 'one source' | 'inferred';

/** The verdict about an answer. `open` means that the answer decides nothing. */
export type Verdict = 'as assumed' | 'otherwise' | 'open';

/** The interpretation of an answer. */
export interface Judgement {
  readonly verdict: Verdict;
  /** The answer in one sentence. */
  readonly summary: string;
  /** The behaviour of a module if JumpCloud gives this answer. */
  readonly module: string;
}

/** A question about JumpCloud's behaviour. */
export interface Question<T extends object = object> {
  /** The id of the question in reports. The emulator finds the answer by this id. */
  readonly id: string;
  readonly question: string;
  readonly assumption: string;
  readonly confidence: Confidence;
  /**
   * The behaviour of the modules if the assumption is wrong. The documentation contains this text.
   */
  readonly otherwise: string;
  /** @throws UnansweredQuestion */
  readonly ask: (probe: Probe) => Promise<T>;
  readonly judge: (answer: T) => Judgement;
}

/** Checks the types of a question, and returns the question without the type of its answer. */
export function defineQuestion<T extends object>(definition: Question<T>): Question {
  return definition as unknown as Question;
}

/** Returns the verdict for a condition. */
export function verdictIf(isAsAssumed: boolean): Verdict {
  return isAsAssumed ? 'as assumed' : 'otherwise';
}
