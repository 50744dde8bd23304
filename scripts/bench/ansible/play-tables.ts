import { median, pairedRatio } from '../statistics.ts';
import type { PlayTime } from './timed-play.ts';

/** The ways to keep four concerns: one task, a task for each, or what Ansible brings along. */
export const PLAYS = ['host', 'modules', 'byHand'] as const;
export type Play = (typeof PLAYS)[number];

/** The plays of one setting, by playbook; the nth of each ran in the nth round. */
export interface Setting {
  readonly name: string;
  readonly kind: string;
  readonly rounds: number;
  readonly plays: Readonly<Record<Play, readonly PlayTime[]>>;
  /** Requests of one play. */
  readonly requests: Readonly<Record<Play, number>>;
}

/** Medians of whole plays, and the median of the paired ratios. */
export function playTable(settings: readonly Setting[]): string {
  const rows = settings.map(({ name, kind, rounds, plays, requests }) => {
    const walls = (play: Play) => plays[play].map(({ wall }) => wall);
    return [
      name,
      kind,
      ...PLAYS.map((play) => median(walls(play)).toFixed(2)),
      pairedRatio(walls('modules'), walls('host')).toFixed(2),
      pairedRatio(walls('byHand'), walls('host')).toFixed(2),
      pairedRatio(walls('byHand'), walls('modules')).toFixed(2),
      PLAYS.map((play) => requests[play]).join(' / '),
      String(rounds),
    ];
  });
  const head = [
    'hosts',
    'run',
    'one task s',
    'four tasks s',
    'by hand s',
    'four tasks / one',
    'by hand / one',
    'by hand / four',
    'requests',
    'rounds',
  ];
  return markdown(head, rows);
}

/** The median of each task of a playbook, over all hosts. */
export function taskTable(plays: readonly PlayTime[]): string {
  const names = plays[0]?.tasks.map(([name]) => name) ?? [];
  const rows = names.map((name, i) => {
    const seconds = plays.map(({ tasks }) => tasks[i]?.[1] ?? Number.NaN);
    return [name, median(seconds).toFixed(2)];
  });
  return markdown(['task', 's'], rows);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
