/**
 * The description of this host while its record is changed for a question. It holds what has to be
 * restored, so that a later run can restore it from any directory if this run is killed.
 */
export const MARKER =
  /^jsc-probe-[0-9a-f]{8} systemInsights=(enabled|deferred|unknown): ([\s\S]*)$/;

/** The longest description that is changed: a longer one could be cut together with its marker. */
export const MAX_DESCRIPTION = 200;

/** The parts of the record that are changed and have to be restored. */
export interface OriginalRecord {
  readonly description: string;
  /** Undefined if the record has no known state. */
  readonly systemInsights: 'enabled' | 'deferred' | undefined;
}

/** Returns the description that marks a changed record. */
export function toMarker(run: string, { description, systemInsights }: OriginalRecord): string {
  return `jsc-probe-${run} systemInsights=${systemInsights ?? 'unknown'}: ${description}`;
}

/** Returns the original values that a marked record holds; undefined if it has no marker. */
export function fromMarker(description: unknown): OriginalRecord | undefined {
  const found = typeof description === 'string' ? MARKER.exec(description) : null;
  if (found === null) return undefined;
  const [, state, original = ''] = found;
  return { description: original, systemInsights: insightsState({ state }) };
}

/** Returns the state of `systemInsights` in a record; undefined for any but the known ones. */
export function insightsState(systemInsights: unknown): OriginalRecord['systemInsights'] {
  const { state } = Object(systemInsights);
  return state === 'enabled' || state === 'deferred' ? state : undefined;
}
