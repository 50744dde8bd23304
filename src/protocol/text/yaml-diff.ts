import { structuredPatch } from 'diff';
import { toYaml } from './yaml.ts';

/**
 * The maximum number of differing lines that a diff compares in detail. With more, the comparison
 * would take too long, so the diff shows all lines as removed and added.
 */
const MAX_EDITS = 2000;

/**
 * Returns the lines of a unified diff of two values in YAML; none if the values are equal. The
 * header shows `name` if it is not empty.
 */
export function yamlDiff(name: string, before: unknown, after: unknown): string[] {
  const [old, now] = [toYaml(before), toYaml(after)];
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
  const options = { context: 3, maxEditLength: MAX_EDITS };
  const patch = structuredPatch('', '', text(old), text(now), '', '', options);
  const hunks = patch?.hunks.map((hunk) => ({
    head: `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
    lines: hunk.lines,
  })) ?? [
    {
      head: `@@ -1,${old.length} +1,${now.length} @@`,
      lines: [...old.map((line) => `-${line}`), ...now.map((line) => `+${line}`)],
    },
  ];
  if (hunks.length === 0) return [];
  const suffix = name && `: ${name}`;
  return [
    `--- before${suffix}`,
    `+++ after${suffix}`,
    ...hunks.flatMap(({ head, lines }) => [head, ...lines]),
  ];
}
