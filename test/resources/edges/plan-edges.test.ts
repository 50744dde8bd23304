import { describe, expect, test } from 'vitest';
import type { EdgeChange, Sudo } from '../../../src/api/graph.ts';
import {
  type DesiredEdges,
  type DesiredSudo,
  planEdges,
} from '../../../src/resources/edges/plan-edges.ts';
import fc from '../../harness/fast-check.ts';

const NO_SUDO: Sudo = { sudo: false, sudo_without_password: false };
const SUDO: Sudo = { sudo: true, sudo_without_password: false };
const SUDO_WITHOUT_PASSWORD: Sudo = { sudo: true, sudo_without_password: true };

const present = (edges: [string, DesiredSudo][], exclusive = false): DesiredEdges => ({
  edges: new Map(edges),
  state: 'present',
  exclusive,
  keep: new Set(),
});
const absent = (...ids: string[]): DesiredEdges => ({
  edges: new Map(ids.map((id) => [id, {}])),
  state: 'absent',
  exclusive: false,
  keep: new Set(),
});

describe('planEdges, sudo of one edge', () => {
  // Each row has the desired sudo options, and the sudo that is written to four edges: a new edge,
  // and edges without sudo, with sudo, and with passwordless sudo. Undefined means not managed or
  // not written.
  type Row = [
    sudo: boolean | undefined,
    withoutPassword: boolean | undefined,
    onNew: Sudo | undefined,
    onNone: Sudo | undefined,
    onWith: Sudo | undefined,
    onPasswordless: Sudo | undefined,
  ];
  const allDesired: Row[] = [
    [undefined, undefined, undefined, undefined, undefined, undefined],
    [undefined, false, undefined, undefined, undefined, SUDO],
    [false, undefined, undefined, undefined, NO_SUDO, NO_SUDO],
    [false, false, undefined, undefined, NO_SUDO, NO_SUDO],
    [true, undefined, SUDO, SUDO, undefined, undefined],
    [true, false, SUDO, SUDO, undefined, SUDO],
    [true, true, SUDO_WITHOUT_PASSWORD, SUDO_WITHOUT_PASSWORD, SUDO_WITHOUT_PASSWORD, undefined],
  ];
  const rows = allDesired.flatMap(([sudo, sudo_without_password, onNew, ...onEdge]) => {
    const desired = { sudo, sudo_without_password };
    const add: EdgeChange = onNew ? { op: 'add', id: 'a', sudo: onNew } : { op: 'add', id: 'a' };
    const updates = [NO_SUDO, SUDO, SUDO_WITHOUT_PASSWORD].map((current, i) => {
      const written = onEdge[i];
      const changes: EdgeChange[] = written ? [{ op: 'update', id: 'a', sudo: written }] : [];
      return { desired, current, changes, after: written ?? current };
    });
    return [{ desired, current: undefined, changes: [add], after: onNew ?? NO_SUDO }, ...updates];
  });
  const titled = rows.map((row): [title: string, row: (typeof rows)[number]] => {
    const ops = row.changes.map(({ op }) => op);
    const edge = row.current ? `on an edge with ${JSON.stringify(row.current)}` : 'without an edge';
    return [
      `${ops.join() || 'no change'} for the desired sudo ${JSON.stringify(row.desired)} ${edge}`,
      row,
    ];
  });
  test.each(titled)('planEdges plans %s', (_, { desired, current, changes, after }) => {
    const before = new Map(current && [['a', current]]);
    const plan = planEdges(present([['a', desired]]), before);
    expect(plan.changes).toEqual(changes);
    expect(plan.after).toEqual(new Map([['a', after]]));
    // toEqual treats an undefined sudo like a missing one, so compare the keys too.
    expect(plan.changes.map((change) => 'sudo' in change)).toEqual(
      changes.map((change) => 'sudo' in change),
    );
  });
});

describe('planEdges, set of edges', () => {
  const ops = (desired: DesiredEdges, before: [string, Sudo][]) =>
    planEdges(desired, new Map(before)).changes.map(({ op, id }) => `${op} ${id}`);

  test.each<[title: string, desired: DesiredEdges, before: [string, Sudo][], expected: string[]]>([
    ['an empty list changes nothing', present([]), [['a', NO_SUDO]], []],
    ['an existing edge is not added again', present([['a', {}]]), [['a', NO_SUDO]], []],
    [
      'edges are added in the order of the list',
      present([
        ['c', {}],
        ['a', {}],
      ]),
      [['b', NO_SUDO]],
      ['add c', 'add a'],
    ],
    [
      'additions come before updates, and removals come last',
      present(
        [
          ['b', { sudo: true }],
          ['c', {}],
          ['a', { sudo: false }],
        ],
        true,
      ),
      [
        ['x', SUDO_WITHOUT_PASSWORD],
        ['a', SUDO],
        ['b', NO_SUDO],
        ['y', NO_SUDO],
      ],
      ['add c', 'update b', 'update a', 'remove x', 'remove y'],
    ],
    ['exclusive keeps edges that are all listed', present([['a', {}]], true), [['a', SUDO]], []],
    [
      'exclusive with an empty list removes all edges',
      present([], true),
      [
        ['a', SUDO],
        ['b', NO_SUDO],
      ],
      ['remove a', 'remove b'],
    ],
    [
      'absent edges are removed in the order of the list',
      absent('b', 'a'),
      [
        ['a', SUDO_WITHOUT_PASSWORD],
        ['b', NO_SUDO],
        ['c', NO_SUDO],
      ],
      ['remove b', 'remove a'],
    ],
    ['an absent edge that does not exist changes nothing', absent('a'), [['b', NO_SUDO]], []],
    ['absent with an empty list changes nothing', absent(), [['b', NO_SUDO]], []],
  ])('%s', (_, desired, before, expected) => {
    expect(ops(desired, before)).toEqual(expected);
  });
});

describe('planEdges, any current and desired edges', () => {
  const id = fc.constantFrom(...'abcdef');
  const sudo = fc.constantFrom(NO_SUDO, SUDO, SUDO_WITHOUT_PASSWORD);
  const edges = fc.array(fc.tuple(id, sudo)).map((entries) => new Map(entries));
  const desiredSudo = fc.constantFrom<DesiredSudo>(
    {},
    { sudo_without_password: false },
    { sudo: false },
    { sudo: true },
    { sudo: true, sudo_without_password: false },
    { sudo: true, sudo_without_password: true },
  );
  const desired: fc.Arbitrary<DesiredEdges> = fc
    .record({
      edges: fc.array(fc.tuple(id, desiredSudo)).map((entries) => new Map(entries)),
      state: fc.constantFrom('present' as const, 'absent' as const),
      exclusive: fc.boolean(),
      keep: fc.array(id).map((ids) => new Set(ids)),
    })
    .map((options) => ({
      ...options,
      exclusive: options.exclusive && options.state === 'present',
    }));

  test('a second plan for the predicted edges has no changes', () => {
    fc.assert(
      fc.property(desired, edges, (desired, before) => {
        expect(planEdges(desired, planEdges(desired, before).after).changes).toEqual([]);
      }),
    );
  });

  test('planEdges changes unlisted edges only for an exclusive list, and does not modify its input', () => {
    fc.assert(
      fc.property(desired, edges, (desired, before) => {
        const copy = new Map(before);
        const { after } = planEdges(desired, before);
        expect(before).toEqual(copy);
        for (const [id, sudo] of before) {
          if (desired.edges.has(id)) continue;
          const isRemoved = desired.exclusive && !desired.keep.has(id);
          expect(after.get(id)).toEqual(isRemoved ? undefined : sudo);
        }
        const unexpected = [...after.keys()].filter(
          (id) => !before.has(id) && !desired.edges.has(id),
        );
        expect(unexpected).toEqual([]);
      }),
    );
  });

  test('no edge is written twice, and removals come last', () => {
    fc.assert(
      fc.property(desired, edges, (desired, before) => {
        const { changes } = planEdges(desired, before);
        expect(new Set(changes.map(({ id }) => id)).size).toBe(changes.length);
        const rank = { add: 0, update: 1, remove: 2 };
        const ranks = changes.map(({ op }) => rank[op]);
        expect(ranks).toEqual([...ranks].sort());
      }),
    );
  });

  test('no plan sets sudo_without_password on an edge without sudo', () => {
    fc.assert(
      fc.property(desired, edges, (desired, before) => {
        for (const { sudo, sudo_without_password } of planEdges(desired, before).after.values()) {
          expect(sudo || !sudo_without_password).toBe(true);
        }
      }),
    );
  });
});
