import { median, pairedRatio } from '../statistics.ts';
import type { PlayTime } from './timed-play.ts';

/** The plays of one setting, by playbook; the nth of each ran in the nth round. */
export interface Setting {
  readonly name: string;
  readonly kind: string;
  readonly rounds: number;
  readonly modules: readonly PlayTime[];
  readonly byHand: readonly PlayTime[];
  /** Requests of one play. */
  readonly requests: { readonly modules: number; readonly byHand: number };
}

/** Medians of whole plays, and the median of the paired ratios. */
export function playTable(settings: readonly Setting[]): string {
  const rows = settings.map(({ name, kind, rounds, modules, byHand, requests }) => {
    const walls = [byHand, modules].map((plays) => plays.map(({ wall }) => wall));
    const [hand = [], ours = []] = walls;
    return [
      name,
      kind,
      median(ours).toFixed(2),
      median(hand).toFixed(2),
      pairedRatio(hand, ours).toFixed(2),
      `${requests.modules} / ${requests.byHand}`,
      String(rounds),
    ];
  });
  const head = [
    'hosts',
    'run',
    'modules s',
    'by hand s',
    'by hand / modules',
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
