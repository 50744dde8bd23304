import type { SystemRecord } from '../../api/systems.ts';
import { settingsOf } from './system-fields.ts';

/** Returns a record as result fields: as JumpCloud gives it, and by option names. */
export function reportRecord(record: SystemRecord): Readonly<Record<string, unknown>> {
  return { system: withoutToken(record), settings: settingsOf(record) };
}

/** Returns a record without the agent's secret, which old records contain. It is never printed. */
function withoutToken(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutToken);
  if (typeof value !== 'object' || value === null) return value;
  const shown = Object.entries(value).filter(([key]) => key !== 'systemToken');
  return Object.fromEntries(shown.map(([key, inner]) => [key, withoutToken(inner)]));
}
