import type { Path } from '../../api/users.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { type EdgesConcern, type EdgesKind, edges } from '../edges/edges.ts';
import { associations, memberships } from '../edges/edges-access.ts';
import { keptSudo } from '../edges/kept-sudo.ts';
import type { Edges, EdgesWish, SudoWish } from '../edges/plan-edges.ts';
import { remainingAccess } from '../edges/remaining-access.ts';
import { EDGE_SECTIONS, type EdgeSection, type HostOptions } from './host-options.ts';

/** One list of edges of the document: what it means, as in the module of its own. */
export interface EdgesPart extends SectionKind {
  readonly section: EdgeSection;
  readonly concern: EdgesConcern;
}

/** A kind of edges whose warnings may depend on the other lists, as they all are after the run. */
interface SectionKind extends Omit<EdgesKind, 'warnings'> {
  readonly warnings?: (after: Edges, all: AllEdges) => Promise<readonly string[]>;
}
type AllEdges = ReadonlyMap<EdgeSection, Edges>;

/** The lists of edges that the document has, in the order in which edges are added. */
export function edgesParts(session: HostSession, options: HostOptions): EdgesPart[] {
  return EDGE_SECTIONS.filter((section) => options[section] !== undefined).map((section) => {
    const kind = kindOf(session, section, wishOf(section, options));
    const { warnings: _, ...bare } = kind;
    return { section, ...kind, concern: edges(session, bare) };
  });
}

function wishOf(section: EdgeSection, options: HostOptions): EdgesWish {
  const wished = (options[section] ?? []).map((item): [string, SudoWish] =>
    typeof item === 'string' ? [item, {}] : [item.id, item],
  );
  return {
    edges: new Map(wished),
    state: 'present',
    exclusive: options.exclusive.includes(section),
    keep: new Set(options.keep?.[section]),
  };
}

function kindOf(session: HostSession, section: EdgeSection, wish: EdgesWish): SectionKind {
  const as = (type: 'user' | 'user_group' | 'policy' | 'policy_group' | 'command') =>
    ({
      access: associations(session, type),
      wish,
      option: section,
      field: 'associations',
    }) as const;
  switch (section) {
    case 'groups':
      return {
        access: memberships(session),
        wish,
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
          ...keptSudo(wish, after),
          ...(await remainingAccess(session, wish, after, (path) => isOpen(path, all))),
        ],
      };
    case 'user_groups':
      return {
        ...as('user_group'),
        shape: 'with sudo',
        warnings: async (after) => keptSudo(wish, after, 'User group'),
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
