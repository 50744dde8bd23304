import { type RequestCounts, totalRequests } from './per-second.ts';
import { type FleetResult, REQUESTS_PER_SECOND } from './run-fleet.ts';

const LEFT_MARGIN = 60;
const WIDTH = 660;
const PANEL_HEIGHT = 130;
const PLOT_HEIGHT = 90;

/**
 * Draws the requests per second, in one panel for each fleet. The upper part of each bar shows the
 * requests that were answered 429.
 */
export function chart(fleets: readonly FleetResult[]): string {
  const longest = Math.max(...fleets.map(({ perSecond }) => perSecond.length));
  const height = 40 + fleets.length * PANEL_HEIGHT;
  const panels = fleets.map((fleet, i) => panel(fleet, longest, 40 + i * PANEL_HEIGHT));
  const legend = `<rect x="330" y="9" width="10" height="10" fill="#3b6ea5"/><text x="344" y="18">answered</text><rect x="420" y="9" width="10" height="10" fill="#d98032"/><text x="434" y="18">429</text><text x="480" y="18">dashed: the limit, ${REQUESTS_PER_SECOND} per second</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="740" height="${height}" font-family="sans-serif" font-size="12"><rect width="740" height="${height}" fill="#fff"/><text x="8" y="18" font-weight="bold">Requests per second of a fleet</text>${legend}${panels.join('')}</svg>\n`;
}

function panel({ hosts, perSecond }: FleetResult, longest: number, top: number): string {
  const peak = Math.max(REQUESTS_PER_SECOND, ...perSecond.map(totalRequests));
  const bottom = top + 14 + PLOT_HEIGHT;
  const step = WIDTH / longest;
  const barHeight = (count: number) => (count * PLOT_HEIGHT) / peak;
  const bar = (x: number, y: number, count: number, colour: string) =>
    `<rect x="${x.toFixed(1)}" y="${(y - barHeight(count)).toFixed(1)}" width="${step.toFixed(1)}" height="${barHeight(count).toFixed(1)}" fill="${colour}"/>`;
  const bars = perSecond.map(({ answered, refused }: RequestCounts, i) => {
    const x = LEFT_MARGIN + i * step;
    return (
      bar(x, bottom, answered, '#3b6ea5') + bar(x, bottom - barHeight(answered), refused, '#d98032')
    );
  });
  const limit = bottom - barHeight(REQUESTS_PER_SECOND);
  return `<text x="${LEFT_MARGIN}" y="${top + 8}">${hosts} hosts, ${perSecond.length} s</text><text x="${LEFT_MARGIN - 6}" y="${top + 24}" text-anchor="end">${peak}</text><text x="${LEFT_MARGIN - 6}" y="${bottom}" text-anchor="end">0</text>${bars.join('')}<line x1="${LEFT_MARGIN}" x2="${LEFT_MARGIN + WIDTH}" y1="${limit.toFixed(1)}" y2="${limit.toFixed(1)}" stroke="#222" stroke-dasharray="4 3"/>`;
}
