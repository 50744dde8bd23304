/** The error code of a module, or `ok` for success. */
type ModuleOutcome =
  | 'ok'
  | 'not_applied'
  | 'not_found'
  | 'rejected'
  | 'unauthorized'
  | 'unavailable'
  | 'unexpected_response';

const TRANSIENT_STATUSES = [408, 429, 500, 502, 503, 504];

/** Returns the outcome of a module that writes an edge and gets the given answer. */
export function edgeOutcome(
  op: 'add' | 'remove',
  { status, effect }: { readonly status: number; readonly effect: boolean },
): ModuleOutcome {
  if (status === 401) return 'unauthorized';
  if (TRANSIENT_STATUSES.includes(status)) return 'unavailable';
  if (status >= 500) return 'unexpected_response';
  // A refused write counts as success if the edge is in its desired state.
  if (effect) return 'ok';
  if (status < 300 || (op === 'add' ? status === 409 : status === 404)) return 'not_applied';
  return status === 404 ? 'not_found' : 'rejected';
}

/** Returns the outcome of a module that changes the record and gets the given answer. */
export function recordOutcome({
  status,
  effect,
}: {
  readonly status: number;
  readonly effect: boolean;
}): ModuleOutcome {
  if (status === 401) return 'unauthorized';
  if (TRANSIENT_STATUSES.includes(status)) return 'unavailable';
  if (status === 404) return 'not_found';
  if (status >= 500) return 'unexpected_response';
  if (status >= 400) return 'rejected';
  return effect ? 'ok' : 'not_applied';
}

const EXPLANATIONS: Readonly<Record<ModuleOutcome, string>> = {
  ok: 'succeeds',
  not_applied: 'fails with not_applied, because reading back does not show the change',
  not_found: 'fails with not_found and quotes JumpCloud',
  rejected: 'fails with rejected and quotes JumpCloud',
  unauthorized: 'fails with unauthorized, which ends the whole run',
  unavailable: 'retries until timeout, then fails with unavailable or rate_limited',
  unexpected_response: 'fails with unexpected_response',
};

/** Returns a sentence that describes the outcome of a module. */
export function moduleSentence(module: string, outcome: ModuleOutcome): string {
  return `${module} ${EXPLANATIONS[outcome]}.`;
}
