import { type AccessPath, readUsers } from '../../api/users.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { type DesiredEdges, type Edges, isDesired } from './plan-edges.ts';

/**
 * Returns a warning for each path through a group that still gives access to an undesired user.
 * Omits users who have a direct binding after the run. Omits paths for which `isStillThere` returns
 * false: in check mode, JumpCloud still lists paths that the run would remove. Sorts the warnings,
 * because removing direct edges changes the order of JumpCloud's list.
 */
export async function indirectAccessWarnings(
  session: HostSession,
  desired: DesiredEdges,
  after: Edges,
  isStillThere: (path: AccessPath) => boolean = () => true,
): Promise<string[]> {
  const { edges, state, exclusive } = desired;
  const isUnwanted = (id: string) => (state === 'absent' ? edges.has(id) : !isDesired(desired, id));
  if (!exclusive && (state === 'present' || edges.size === 0)) return [];
  const bound = await readUsers(session);
  return bound
    .filter(({ id }) => isUnwanted(id) && !after.has(id))
    .flatMap(({ id, paths }) => {
      if (paths.length === 0) return [unknownAccessWarning(id)];
      return paths
        .filter((path) => path.length > 1 && isStillThere(path))
        .map((path) => {
          const through = path
            .slice(0, -1)
            .map((step) => `${step.type.replace('_', ' ')} ${step.id}`);
          const advice =
            through.length === 1
              ? 'remove the user from that group, or the group from this host'
              : 'remove the user from the last of these groups, or remove the first of these groups from this host';
          return `User ${id} is not bound directly, but still has access to this host through ${through.join(', then ')}. To revoke the access, ${advice}.`;
        });
    })
    .sort();
}

function unknownAccessWarning(id: string): string {
  return `User ${id} may still have access to this host through a group: JumpCloud lists the user, but not the path. Check the user's groups in the Admin Portal.`;
}
