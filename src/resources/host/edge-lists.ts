import type { AccessPath } from '../../api/users.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { type EdgesDefinition, type EdgesResource, edgesResource } from '../edges/edges.ts';
import { associationsAccess, membershipsAccess } from '../edges/edges-access.ts';
import { indirectAccessWarnings } from '../edges/indirect-access-warnings.ts';
import type { DesiredEdges, DesiredSudo, Edges } from '../edges/plan-edges.ts';
import { unmanagedSudoWarnings } from '../edges/unmanaged-sudo-warnings.ts';
import { EDGE_SECTIONS, type EdgeSection, type HostOptions } from './host-options.ts';

/** A list of edges in the document: its section, and the resource that manages it. */
export interface EdgeList extends EdgeListDefinition {
  readonly section: EdgeSection;
  readonly resource: EdgesResource;
}

/**
 * The definition of a list of edges. Its warnings may depend on the state of all lists after the
 * run.
 */
interface EdgeListDefinition extends Omit<EdgesDefinition, 'warnings'> {
  readonly warnings?: (after: Edges, all: AllEdges) => Promise<readonly string[]>;
}
type AllEdges = ReadonlyMap<EdgeSection, Edges>;

/** Returns the lists of edges in the document, in the order in which a run adds the edges. */
export function edgeLists(session: HostSession, options: HostOptions): EdgeList[] {
  return EDGE_SECTIONS.filter((section) => options[section] !== undefined).map((section) => {
    const definition = defineEdgeList(session, section, collectDesiredEdges(section, options));
    const { warnings: _, ...withoutWarnings } = definition;
    return { section, ...definition, resource: edgesResource(session, withoutWarnings) };
  });
}

function collectDesiredEdges(section: EdgeSection, options: HostOptions): DesiredEdges {
  const desired = (options[section] ?? []).map((item): [string, DesiredSudo] =>
    typeof item === 'string' ? [item, {}] : [item.id, item],
  );
  return {
    edges: new Map(desired),
    state: 'present',
    exclusive: options.exclusive.includes(section),
    keep: new Set(options.keep?.[section]),
  };
}

function defineEdgeList(
  session: HostSession,
  section: EdgeSection,
  desired: DesiredEdges,
): EdgeListDefinition {
  const associationDefinition = (
    type: 'user' | 'user_group' | 'policy' | 'policy_group' | 'command',
  ) =>
    ({
      access: associationsAccess(session, type),
      desired,
      option: section,
      field: 'associations',
    }) as const;
  switch (section) {
    case 'groups':
      return {
        access: membershipsAccess(session),
        desired,
        option: section,
        field: 'groups',
        shape: 'ids',
      };
    case 'users':
      return {
        ...associationDefinition('user'),
        field: 'users',
        shape: 'with sudo',
        warnings: async (after, all) => [
          ...unmanagedSudoWarnings(desired, after),
          ...(await indirectAccessWarnings(session, desired, after, (path) =>
            firstEdgeExistsAfterRun(path, all),
          )),
        ],
      };
    case 'user_groups':
      return {
        ...associationDefinition('user_group'),
        shape: 'with sudo',
        warnings: async (after) => unmanagedSudoWarnings(desired, after, 'User group'),
      };
    case 'policies':
      return { ...associationDefinition('policy'), shape: 'objects' };
    case 'policy_groups':
      return { ...associationDefinition('policy_group'), shape: 'objects' };
    case 'commands':
      return { ...associationDefinition('command'), shape: 'objects' };
  }
}

/** Returns whether the first edge of a path from this host exists after the run. */
function firstEdgeExistsAfterRun([first]: AccessPath, all: AllEdges): boolean {
  if (first?.type === 'system_group') return all.get('groups')?.has(first.id) ?? true;
  if (first?.type === 'user_group') return all.get('user_groups')?.has(first.id) ?? true;
  return true;
}
