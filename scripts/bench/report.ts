import type { Cost } from '../../test/harness/measurer.ts';
import { median, pairedRatio } from './statistics.ts';

/** The measurements of one contender on one version of Node.js. */
export interface Measurement {
  readonly name: string;
  readonly bytes: number | undefined;
  readonly requests: number;
  readonly costs: readonly Cost[];
}

/**
 * Returns a Markdown table with one row for each contender. Each ratio is the median over all
 * rounds.
 */
export function table(measured: readonly Measurement[], floor: Measurement): string {
  const rows = measured.map(({ name, bytes, requests, costs }) => {
    const wall = costs.map((cost) => cost.wall);
    const ratio = pairedRatio(
      wall,
      floor.costs.map((cost) => cost.wall),
    );
    const cpu = median(costs.map((cost) => cost.cpu));
    const peak = median(costs.map((cost) => cost.peak));
    return [
      name,
      (median(wall) * 1000).toFixed(0),
      ratio.toFixed(2),
      (cpu * 1000).toFixed(0),
      peak.toFixed(0),
      bytes === undefined ? '' : (bytes / 1000).toFixed(0),
      String(requests),
    ];
  });
  const head = [
    '',
    'wall time (ms)',
    '× floor',
    'CPU (ms)',
    'peak memory (MiB)',
    'size (KB)',
    'requests',
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join(
    '\n',
  );
}

/** Returns a sentence that compares the wall times of two contenders. */
export function compareWallTimes(one: Measurement, other: Measurement): string {
  const walls = [one, other].map(({ costs }) => costs.map(({ wall }) => wall));
  const ratio = pairedRatio(walls[0] ?? [], walls[1] ?? []);
  return `Median of the paired ratios: "${one.name}" takes ${ratio.toFixed(2)} times as long as "${other.name}".`;
}

/** Draws a bar for each contender, with its wall time as a multiple of the floor's wall time. */
export function chart(title: string, measured: readonly Measurement[], floor: Measurement): string {
  const bar = 18;
  const gap = 8;
  const left = 300;
  const walls = floor.costs.map((cost) => cost.wall);
  const bars = measured.map(({ name, costs }) => ({
    name,
    ratio: pairedRatio(
      costs.map((cost) => cost.wall),
      walls,
    ),
  }));
  const scale = 360 / Math.max(...bars.map(({ ratio }) => ratio));
  const height = 40 + bars.length * (bar + gap);
  const rows = bars.map(({ name, ratio }, i) => {
    const y = 32 + i * (bar + gap);
    const width = (ratio * scale).toFixed(0);
    return `<text x="${left - 8}" y="${y + 13}" text-anchor="end">${name.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</text><rect x="${left}" y="${y}" width="${width}" height="${bar}" fill="#3b6ea5"/><text x="${left + Number(width) + 6}" y="${y + 13}">${ratio.toFixed(2)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="740" height="${height}" font-family="sans-serif" font-size="12"><rect width="740" height="${height}" fill="#fff"/><text x="8" y="18" font-weight="bold">${title}</text>${rows.join('')}</svg>\n`;
}
