import { median } from '../statistics.ts';
import { type Fleet, LIMIT } from './run-fleet.ts';
import { load } from './seconds.ts';

/** The fewest requests a host's two runs can make: read, write and read again; one read. */
const MIN = { memberships: 3, systems: 1 };

/** Requests with another answer than 429, over the fewest possible. */
export function excess({ hosts, answered }: Fleet): number {
  const fewest = hosts * (MIN.memberships + MIN.systems);
  return (answered.memberships + answered.systems) / fewest - 1;
}

/** A Markdown table, one row for each size of fleet. */
export function table(fleets: readonly Fleet[]): string {
  const head = [
    'hosts',
    'converged',
    `requests per host: membership (at least ${MIN.memberships})`,
    `system (at least ${MIN.systems})`,
    'over the least',
    '429 in all',
    '429 per host',
    'most 429 of one host',
    'peak requests/s',
    'median requests/s',
    'seconds above 2 × the limit',
    'above 1.2 ×',
    'done after s',
    'least possible s',
    'CPU s of the hosts',
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '--:')), ...fleets.map((fleet) => line(row(fleet)))].join(
    '\n',
  );
}

function row(fleet: Fleet): string[] {
  const { hosts, converged, answered, refused, mostRefused, took, cpu, perSecond } = fleet;
  const loads = perSecond.map(load);
  const above = (times: number) => loads.filter((count) => count > times * LIMIT).length;
  // The first LIMIT requests are answered at once, each further LIMIT a second later.
  const least = Math.ceil((answered.memberships + answered.systems) / LIMIT) - 1;
  return [
    String(hosts),
    `${converged} of ${hosts}`,
    (answered.memberships / hosts).toFixed(3),
    (answered.systems / hosts).toFixed(3),
    `${(excess(fleet) * 100).toFixed(1)} %`,
    String(refused),
    (refused / hosts).toFixed(1),
    String(mostRefused),
    String(Math.max(...loads)),
    median(loads).toFixed(0),
    String(above(2)),
    String(above(1.2)),
    took.toFixed(1),
    String(least),
    cpu.toFixed(1),
  ];
}
