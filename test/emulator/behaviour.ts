/** The answer to a write, and whether the write takes effect. */
export interface WriteBehaviour {
  readonly status: number;
  readonly effect: boolean;
}

/** The statuses of repeated writes, which add an existing edge or remove a missing one. */
export interface RepeatedWriteBehaviour {
  readonly membership: number;
  readonly association: number;
}

/** How a list of edges shows a deleted object. */
export interface DeletedObjectBehaviour {
  /** Whether the list still has an entry for the object. */
  readonly listed: boolean;
  /** Whether the total count includes the object. */
  readonly counted: boolean;
  /**
   * Whether the entry is dropped after paging, so that its page has fewer entries than requested.
   */
  readonly short: boolean;
}

/**
 * JumpCloud's undocumented behaviour. Each key is the name of a question of `npm run probe`, and
 * its value has the form of the answer in the probe's report.
 */
export interface Behaviour {
  /** The answer to a system that joins a dynamic group. */
  readonly dynamic_join: WriteBehaviour;
  readonly dynamic_leave: WriteBehaviour;
  readonly repeated_add: RepeatedWriteBehaviour;
  readonly repeated_remove: RepeatedWriteBehaviour;
  /**
   * How many of five parallel writes of edges are refused, and how many are answered 204 but lost.
   */
  readonly parallel_writes: {
    readonly refused: number;
    readonly status: number;
    readonly lost: number;
  };
  readonly deleted_in_memberof: DeletedObjectBehaviour;
  readonly deleted_in_users: DeletedObjectBehaviour;
  readonly deleted_in_associations: DeletedObjectBehaviour;
  readonly description: WriteBehaviour;
  readonly system_insights: WriteBehaviour;
  readonly primary_user: WriteBehaviour & { readonly form: 'nested' | 'flat' | 'none' };
  /**
   * The answer to `op: update` of an edge, and the attributes that JumpCloud returns for an edge
   * that was added without any (`unset`).
   */
  readonly edge_attributes: WriteBehaviour & { readonly unset: 'null' | 'absent' | 'empty' };
  /** The clock errors that JumpCloud accepts from a system, in seconds. */
  readonly clock_tolerance: { readonly ahead_s: number; readonly behind_s: number };
  /** How long lists of edges lag behind a write, in milliseconds. */
  readonly graph_lag: { readonly membership_ms: number; readonly association_ms: number };
  /**
   * The statuses of three reads that only newer versions of JumpCloud's API documentation describe.
   */
  readonly further_reads: {
    readonly usergroups: number;
    readonly policygroups: number;
    readonly policy_memberof: number;
  };
  readonly rate_limit: {
    readonly limited: boolean;
    /** The number of requests that were accepted within `seconds`. */
    readonly requests: number;
    readonly seconds: number;
    readonly retry_after: 'seconds' | 'date' | 'none';
    readonly wait_s: number;
  };
  /** How long a system can still read its deleted record, and the status of any later read. */
  readonly deleted_record: { readonly visible_ms: number; readonly gone_status: number };
}

const DROPPED_BUT_COUNTED = { listed: false, counted: true, short: true } as const;

/** The behaviour that the modules assume. */
export const ASSUMED_BEHAVIOUR: Behaviour = {
  dynamic_join: { status: 400, effect: false },
  dynamic_leave: { status: 400, effect: false },
  repeated_add: { membership: 409, association: 409 },
  repeated_remove: { membership: 404, association: 404 },
  parallel_writes: { refused: 0, status: 0, lost: 0 },
  deleted_in_memberof: DROPPED_BUT_COUNTED,
  deleted_in_users: DROPPED_BUT_COUNTED,
  deleted_in_associations: DROPPED_BUT_COUNTED,
  description: { status: 200, effect: true },
  system_insights: { status: 200, effect: true },
  primary_user: { status: 200, effect: true, form: 'nested' },
  edge_attributes: { status: 204, effect: true, unset: 'null' },
  clock_tolerance: { ahead_s: 300, behind_s: 300 },
  graph_lag: { membership_ms: 0, association_ms: 0 },
  further_reads: { usergroups: 200, policygroups: 200, policy_memberof: 200 },
  rate_limit: { limited: false, requests: 0, seconds: 0, retry_after: 'seconds', wait_s: 1 },
  deleted_record: { visible_ms: 0, gone_status: 401 },
};

/**
 * Returns the behaviour that a report of `npm run probe` describes. Questions without an answer
 * keep the assumed behaviour. Ignores answers that the emulator cannot reproduce.
 * @throws Error when the text is not such a report
 */
export function behaviourOf(reportText: string): Partial<Behaviour> {
  const report: unknown = JSON.parse(reportText);
  const { questions } = Object(report);
  if (!Array.isArray(questions)) throw new Error('it has no list "questions"');
  const behaviour: Record<string, unknown> = {};
  for (const { id, answer } of questions.map(Object)) {
    if (!Object.hasOwn(ASSUMED_BEHAVIOUR, id) || Object(answer) !== answer) continue;
    const assumed = ASSUMED_BEHAVIOUR[id as keyof Behaviour];
    behaviour[id] = { ...assumed, ...readKnownFields(id, answer, assumed) };
  }
  return behaviour;
}

/**
 * Returns the fields of an answer that the emulator knows. Each field must have the type of the
 * assumed answer.
 */
function readKnownFields(id: string, answer: object, assumed: object): Record<string, unknown> {
  const known = Object.entries(answer).filter(([field]) => Object.hasOwn(assumed, field));
  for (const [field, value] of known) {
    const expected = typeof Reflect.get(assumed, field);
    if (typeof value !== expected) {
      throw new Error(`the answer ${id}.${field} must be a ${expected}`);
    }
  }
  return Object.fromEntries(known);
}
