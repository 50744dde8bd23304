import { type Path, readUsers } from '../../api/users.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { type DesiredEdges, type Edges, isDesired } from './plan-edges.ts';

/**
 * Names the users that were to be absent and can get in all the same, through a group. Sorted,
 * because JumpCloud lists them in another order once the direct edges are gone. Who is bound directly
 * `after` the run is not named. `isOpen` says whether a way from this host will still be there when the run is over; in check mode JumpCloud shows them all.
 */
export async function indirectAccess(
  session: HostSession,
  desired: DesiredEdges,
  after: Edges,
  isOpen: (path: Path) => boolean = () => true,
): Promise<string[]> {
  const { edges, state, exclusive } = desired;
  const isUnwanted = (id: string) => (state === 'absent' ? edges.has(id) : !isDesired(desired, id));
  if (!exclusive && (state === 'present' || edges.size === 0)) return [];
  const bound = await readUsers(session);
  return bound
    .filter(({ id }) => isUnwanted(id) && !after.has(id))
    .flatMap(({ id, paths }) => {
      if (paths.length === 0) return [unknownAccess(id)];
      return paths
        .filter((path) => path.length > 1 && isOpen(path))
        .map((path) => {
          const through = path
            .slice(0, -1)
            .map((step) => `${step.type.replace('_', ' ')} ${step.id}`);
          return `User ${id} is not bound directly, but still has access to this host through ${through.join(', then ')}. To take it away, remove the user from that group, or the group from this host.`;
        });
    })
    .sort();
}

function unknownAccess(id: string): string {
  return `User ${id} may still have access to this host through a group: JumpCloud lists the user without saying how. Check the user's groups in the Admin Portal.`;
}
