import { median } from '../statistics.ts';
import { totalRequests } from './per-second.ts';
import { type FleetResult, REQUESTS_PER_SECOND } from './run-fleet.ts';

/**
 * The minimum number of requests of a host. The membership is read, written and read again. The
 * record is read once.
 */
const MIN_REQUESTS_PER_HOST = { memberships: 3, systems: 1 };

/**
 * Returns the excess over the minimum number of requests, as a fraction. Does not count requests
 * that were answered with 429.
 */
export function excessRequestRatio({ hosts, answered }: FleetResult): number {
  const minimum = hosts * (MIN_REQUESTS_PER_HOST.memberships + MIN_REQUESTS_PER_HOST.systems);
  return (answered.memberships + answered.systems) / minimum - 1;
}

/** Returns a Markdown table with one row for each fleet. */
export function table(fleets: readonly FleetResult[]): string {
  const head = [
    'hosts',
    'converged',
    `requests per host: membership (at least ${MIN_REQUESTS_PER_HOST.memberships})`,
    `requests per host: system (at least ${MIN_REQUESTS_PER_HOST.systems})`,
    'requests above the minimum',
    '429 in total',
    '429 per host',
    'maximum 429 of one host',
    'peak requests/s',
    'median requests/s',
    'seconds above 2 × the limit',
    'seconds above 1.2 × the limit',
    'duration (s)',
    'minimum duration (s)',
    'CPU of the hosts (s)',
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '--:')), ...fleets.map((fleet) => line(row(fleet)))].join(
    '\n',
  );
}

function row(fleet: FleetResult): string[] {
  const { hosts, converged, answered, refused, maxRefusedPerHost, duration, cpu, perSecond } =
    fleet;
  const loads = perSecond.map(totalRequests);
  const above = (times: number) =>
    loads.filter((count) => count > times * REQUESTS_PER_SECOND).length;
  // The rate limit admits REQUESTS_PER_SECOND requests at once, and the same number again after
  // each second.
  const minimumDuration =
    Math.ceil((answered.memberships + answered.systems) / REQUESTS_PER_SECOND) - 1;
  return [
    String(hosts),
    `${converged} of ${hosts}`,
    (answered.memberships / hosts).toFixed(3),
    (answered.systems / hosts).toFixed(3),
    `${(excessRequestRatio(fleet) * 100).toFixed(1)} %`,
    String(refused),
    (refused / hosts).toFixed(1),
    String(maxRefusedPerHost),
    String(Math.max(...loads)),
    median(loads).toFixed(0),
    String(above(2)),
    String(above(1.2)),
    duration.toFixed(1),
    String(minimumDuration),
    cpu.toFixed(1),
  ];
}
