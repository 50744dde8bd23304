import { type Finding, okFinding, warningFinding } from './check.ts';

/**
 * The date on which the Node.js project ends support for each major version. Source:
 * `schedule.json` in https://github.com/nodejs/Release, as of July 2026.
 */
const END_OF_LIFE_DATES: Readonly<Record<string, string>> = {
  18: '2025-04-30',
  19: '2023-06-01',
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
  27: '2030-04-30',
};

/**
 * Checks the version of Node.js that runs this module. `now` is in milliseconds since the epoch.
 */
export function checkRuntime(version: string, path: string, now: number): Finding {
  const major = version.split('.')[0] ?? '';
  const nodeText = `Node.js ${version} at ${path}`;
  const endOfSupport = END_OF_LIFE_DATES[major];
  if (endOfSupport === undefined) return okFinding(`${nodeText}.`);
  if (now < Date.parse(endOfSupport))
    return okFinding(`${nodeText}, supported by the Node.js project until ${endOfSupport}.`);
  return warningFinding(
    `${nodeText}; the Node.js project ended its support for version ${major} on ${endOfSupport}.`,
    'Unless your distribution still supports this version, install a newer Node.js, for example with the Ansible role runtime or the package jumpcloud-system-context-node.',
  );
}
