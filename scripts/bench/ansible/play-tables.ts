import { median, pairedRatio } from '../statistics.ts';
import type { PlayTime } from './timed-play.ts';

/**
 * The plays to compare: one task for four sections, one task for each section, and tasks with
 * `shell` and `uri` instead of the collection.
 */
export const PLAYS = ['host', 'modules', 'byHand'] as const;
export type Play = (typeof PLAYS)[number];

/**
 * The results of one setting of the benchmark. `plays` contains the times of each play, in the
 * order of the rounds.
 */
export interface SettingResults {
  readonly name: string;
  readonly kind: string;
  readonly rounds: number;
  readonly plays: Readonly<Record<Play, readonly PlayTime[]>>;
  /** The number of requests in one run of each play. */
  readonly requests: Readonly<Record<Play, number>>;
}

/**
 * Returns a table with the median time of each play, and the median ratio of each pair of plays.
 */
export function playTable(settings: readonly SettingResults[]): string {
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
    'one task (s)',
    'four tasks (s)',
    'by hand (s)',
    'ratio four tasks / one task',
    'ratio by hand / one task',
    'ratio by hand / four tasks',
    'requests',
    'rounds',
  ];
  return markdownTable(head, rows);
}

/** Returns a table with the median time of each task of a playbook, over all hosts. */
export function taskTable(plays: readonly PlayTime[]): string {
  const names = plays[0]?.tasks.map(([name]) => name) ?? [];
  const rows = names.map((name, i) => {
    const seconds = plays.map(({ tasks }) => tasks[i]?.[1] ?? Number.NaN);
    return [name, median(seconds).toFixed(2)];
  });
  return markdownTable(['task', 'seconds'], rows);
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
