import type { Path } from '../../api/users.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { type EdgesKind, type EdgesResource, edges } from '../edges/edges.ts';
import { associations, memberships } from '../edges/edges-access.ts';
import { indirectAccess } from '../edges/indirect-access.ts';
import type { DesiredEdges, DesiredSudo, Edges } from '../edges/plan-edges.ts';
import { unmanagedSudo } from '../edges/unmanaged-sudo.ts';
import { EDGE_SECTIONS, type EdgeSection, type HostOptions } from './host-options.ts';

/** One list of edges of the document: what it means, as in the module of its own. */
export interface EdgesSection extends SectionKind {
  readonly section: EdgeSection;
  readonly concern: EdgesResource;
}

/** A kind of edges whose warnings may depend on the other lists, as they all are after the run. */
interface SectionKind extends Omit<EdgesKind, 'warnings'> {
  readonly warnings?: (after: Edges, all: AllEdges) => Promise<readonly string[]>;
}
type AllEdges = ReadonlyMap<EdgeSection, Edges>;

/** The lists of edges that the document has, in the order in which edges are added. */
export function edgesSections(session: HostSession, options: HostOptions): EdgesSection[] {
  return EDGE_SECTIONS.filter((section) => options[section] !== undefined).map((section) => {
    const kind = kindOf(session, section, desiredOf(section, options));
    const { warnings: _, ...bare } = kind;
    return { section, ...kind, concern: edges(session, bare) };
  });
}

function desiredOf(section: EdgeSection, options: HostOptions): DesiredEdges {
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

function kindOf(session: HostSession, section: EdgeSection, desired: DesiredEdges): SectionKind {
  const as = (type: 'user' | 'user_group' | 'policy' | 'policy_group' | 'command') =>
    ({
      access: associations(session, type),
      desired,
      option: section,
      field: 'associations',
    }) as const;
  switch (section) {
    case 'groups':
      return {
        access: memberships(session),
        desired,
        option: section,
        field: 'groups',
        shape: 'ids',
      };
    case 'users':
      return {
        ...as('user'),
        field: 'users',
        shape: 'with sudo',
        warnings: async (after, all) => [
          ...unmanagedSudo(desired, after),
          ...(await indirectAccess(session, desired, after, (path) => isOpen(path, all))),
        ],
      };
    case 'user_groups':
      return {
        ...as('user_group'),
        shape: 'with sudo',
        warnings: async (after) => unmanagedSudo(desired, after, 'User group'),
      };
    case 'policies':
      return { ...as('policy'), shape: 'objects' };
    case 'policy_groups':
      return { ...as('policy_group'), shape: 'objects' };
    case 'commands':
      return { ...as('command'), shape: 'objects' };
  }
}

/** Whether a way from this host begins with an edge that is there after the run. */
function isOpen([first]: Path, all: AllEdges): boolean {
  if (first?.type === 'system_group') return all.get('groups')?.has(first.id) ?? true;
  if (first?.type === 'user_group') return all.get('user_groups')?.has(first.id) ?? true;
  return true;
}
