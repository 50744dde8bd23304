import type { EdgeChange } from '../../api/graph.ts';
import type { ApplyResult } from '../../reconcile.ts';
import { edgesFailure } from './edges-failure.ts';
import type { Edges } from './plan-edges.ts';
import { type EdgesWriterContext, edgesWriter } from './write-edges.ts';

/**
 * Writes changes to one list of edges, and reads the list back. If the run fails, `progress`
 * returns the result fields. Its parameters are `latest`, the list as last read (undefined before
 * the first read), and `done`, the changes made so far.
 */
export async function applyEdges(
  context: EdgesWriterContext,
  changes: readonly EdgeChange[],
  progress: (latest: Edges | undefined, done: readonly EdgeChange[]) => Record<string, unknown>,
): Promise<ApplyResult<Edges, EdgeChange>> {
  const writer = edgesWriter(context);
  context.run.report.setProgress(() => progress(writer.latest(), writer.done()));
  await writer.write(changes);
  const readBack = await writer.readBack();
  const failure = edgesFailure([readBack]);
  return {
    done: writer.done(),
    after: readBack.after,
    ...(failure && { failure: failure.error }),
  };
}
