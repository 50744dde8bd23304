import type { Session } from '../../transport/session.ts';
import { type EdgesConcern, type EdgesKind, edges } from '../edges/edges.ts';
import { associations, memberships } from '../edges/edges-access.ts';
import { keptSudo } from '../edges/kept-sudo.ts';
import type { EdgesWish, SudoWish } from '../edges/plan-edges.ts';
import { remainingAccess } from '../edges/remaining-access.ts';
import { EDGE_SECTIONS, type EdgeSection, type HostOptions } from './host-options.ts';

/** One list of edges of the document: what it means, as in the module of its own. */
export interface EdgesPart extends EdgesKind {
  readonly section: EdgeSection;
  readonly concern: EdgesConcern;
}

/** The lists of edges that the document has, in the order in which edges are added. */
export function edgesParts(session: Session, options: HostOptions): EdgesPart[] {
  return EDGE_SECTIONS.filter((section) => options[section] !== undefined).map((section) => {
    const kind = kindOf(session, section, wishOf(section, options));
    return { section, ...kind, concern: edges(session, kind) };
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

function kindOf(session: Session, section: EdgeSection, wish: EdgesWish): EdgesKind {
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
        warnings: async (after) => [
          ...keptSudo(wish, after),
          ...(await remainingAccess(session, wish)),
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
