/**
 * Matches the description that this host has while the probe changes its record. The description
 * contains the original values. If this run is killed, a later run can restore them from any
 * directory.
 */
export const MARKER_FORMAT =
  /^jsc-probe-[0-9a-f]{8} systemInsights=(enabled|deferred|unknown): ([\s\S]*)$/;

/**
 * The maximum length of a description that the probe changes. JumpCloud could truncate a longer
 * description when the marker is added to it.
 */
export const MAX_DESCRIPTION_LENGTH = 200;

/** The original values of the fields that the probe changes. */
export interface OriginalRecord {
  readonly description: string;
  /** The state of systemInsights. Undefined if the state is unknown. */
  readonly systemInsights: 'enabled' | 'deferred' | undefined;
}

/**
 * Returns the description that a record has while the probe changes it. The description contains
 * the original values.
 */
export function toMarkedDescription(
  run: string,
  { description, systemInsights }: OriginalRecord,
): string {
  return `jsc-probe-${run} systemInsights=${systemInsights ?? 'unknown'}: ${description}`;
}

/**
 * Returns the original values from a marker. Returns undefined for a description without a marker.
 */
export function parseMarkedDescription(description: unknown): OriginalRecord | undefined {
  const found = typeof description === 'string' ? MARKER_FORMAT.exec(description) : null;
  if (found === null) return undefined;
  const [, state, original = ''] = found;
  return { description: original, systemInsights: insightsState({ state }) };
}

/** Returns the state of `systemInsights` in a record, or undefined for an unknown state. */
export function insightsState(systemInsights: unknown): OriginalRecord['systemInsights'] {
  const { state } = Object(systemInsights);
  return state === 'enabled' || state === 'deferred' ? state : undefined;
}
