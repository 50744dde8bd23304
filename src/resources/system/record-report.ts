import type { SystemRecord } from '../../api/systems.ts';
import { settingsOf } from './system-fields.ts';

/**
 * Returns the result fields for a record: `system` as JumpCloud sends it but without systemToken,
 * and `settings` by option name.
 */
export function reportRecord(record: SystemRecord): Readonly<Record<string, unknown>> {
  return { system: withoutToken(record), settings: settingsOf(record) };
}

/**
 * Returns a value without the key systemToken at any level. Old records have the agent's secret in
 * this key.
 */
function withoutToken(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutToken);
  if (typeof value !== 'object' || value === null) return value;
  const shown = Object.entries(value).filter(([key]) => key !== 'systemToken');
  return Object.fromEntries(shown.map(([key, inner]) => [key, withoutToken(inner)]));
}
