import type { SystemRecord } from '../../api/systems.ts';
import { settingsOf } from './system-fields.ts';

/** Returns a record as result fields: as JumpCloud gives it, and in the form of the options. */
export function reportRecord(record: SystemRecord): Readonly<Record<string, unknown>> {
  return { system: withoutToken(record), settings: settingsOf(record) };
}

/** Old records hold a secret of the agent's, which is never printed. */
function withoutToken(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutToken);
  if (typeof value !== 'object' || value === null) return value;
  const shown = Object.entries(value).filter(([key]) => key !== 'systemToken');
  return Object.fromEntries(shown.map(([key, inner]) => [key, withoutToken(inner)]));
}
