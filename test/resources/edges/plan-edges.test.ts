import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EdgeChange, Sudo } from '../../../src/api/graph.ts';
import {
  type DesiredEdges,
  type DesiredSudo,
  planEdges,
} from '../../../src/resources/edges/plan-edges.ts';

const NONE: Sudo = { sudo: false, sudo_without_password: false };
const WITH: Sudo = { sudo: true, sudo_without_password: false };
const FREE: Sudo = { sudo: true, sudo_without_password: true };

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

describe('the sudo of one edge', () => {
  // For each wish, what is written when there is no edge yet, one without sudo, with sudo, and
  // with sudo without password; undefined where it agrees already.
  type Row = [
    sudo: boolean | undefined,
    withoutPassword: boolean | undefined,
    onNew: Sudo | undefined,
    onNone: Sudo | undefined,
    onWith: Sudo | undefined,
    onFree: Sudo | undefined,
  ];
  const allDesired: Row[] = [
    [undefined, undefined, undefined, undefined, undefined, undefined],
    [undefined, false, undefined, undefined, undefined, WITH],
    [false, undefined, undefined, undefined, NONE, NONE],
    [false, false, undefined, undefined, NONE, NONE],
    [true, undefined, WITH, WITH, undefined, undefined],
    [true, false, WITH, WITH, undefined, WITH],
    [true, true, FREE, FREE, FREE, undefined],
  ];
  const rows = allDesired.flatMap(([sudo, sudo_without_password, onNew, ...onEdge]) => {
    const desired = { sudo, sudo_without_password };
    const add: EdgeChange = onNew ? { op: 'add', id: 'a', sudo: onNew } : { op: 'add', id: 'a' };
    const updates = [NONE, WITH, FREE].map((current, i) => {
      const written = onEdge[i];
      const changes: EdgeChange[] = written ? [{ op: 'update', id: 'a', sudo: written }] : [];
      return { desired, current, changes, after: written ?? current };
    });
    return [{ desired, current: undefined, changes: [add], after: onNew ?? NONE }, ...updates];
  });
  test.each(rows)('desired $desired on $current', ({ desired, current, changes, after }) => {
    const before = new Map(current && [['a', current]]);
    const plan = planEdges(present([['a', desired]]), before);
    expect(plan.changes).toEqual(changes);
    expect(plan.after).toEqual(new Map([['a', after]]));
    // An absent key and an undefined one differ on the wire no more than here.
    expect(plan.changes.map((change) => 'sudo' in change)).toEqual(
      changes.map((change) => 'sudo' in change),
    );
  });
});

describe('the set', () => {
  const ops = (desired: DesiredEdges, before: [string, Sudo][]) =>
    planEdges(desired, new Map(before)).changes.map(({ op, id }) => `${op} ${id}`);

  test.each<[name: string, desired: DesiredEdges, before: [string, Sudo][], expected: string[]]>([
    ['nothing asked', present([]), [['a', NONE]], []],
    ['there already', present([['a', {}]]), [['a', NONE]], []],
    [
      'in the order asked',
      present([
        ['c', {}],
        ['a', {}],
      ]),
      [['b', NONE]],
      ['add c', 'add a'],
    ],
    [
      'additions, updates, removals',
      present(
        [
          ['b', { sudo: true }],
          ['c', {}],
          ['a', { sudo: false }],
        ],
        true,
      ),
      [
        ['x', FREE],
        ['a', WITH],
        ['b', NONE],
        ['y', NONE],
      ],
      ['add c', 'update b', 'update a', 'remove x', 'remove y'],
    ],
    ['exclusive, and all wanted', present([['a', {}]], true), [['a', WITH]], []],
    [
      'exclusive, and nothing wanted',
      present([], true),
      [
        ['a', WITH],
        ['b', NONE],
      ],
      ['remove a', 'remove b'],
    ],
    [
      'absent',
      absent('b', 'a'),
      [
        ['a', FREE],
        ['b', NONE],
        ['c', NONE],
      ],
      ['remove b', 'remove a'],
    ],
    ['absent, and not there', absent('a'), [['b', NONE]], []],
    ['absent, and nothing named', absent(), [['b', NONE]], []],
  ])('%s', (_, desired, before, expected) => {
    expect(ops(desired, before)).toEqual(expected);
  });
});

describe('for any edges and wishes', () => {
  const id = fc.constantFrom(...'abcdef');
  const sudo = fc.constantFrom(NONE, WITH, FREE);
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
    .map((given) => ({ ...given, exclusive: given.exclusive && given.state === 'present' }));

  test('planning on what will be gives nothing to change', () => {
    fc.assert(
      fc.property(desired, edges, (desired, before) => {
        expect(planEdges(desired, planEdges(desired, before).after).changes).toEqual([]);
      }),
    );
  });

  test('nothing that was not asked about moves unless exclusive, and before stays as it was', () => {
    fc.assert(
      fc.property(desired, edges, (desired, before) => {
        const was = new Map(before);
        const { after } = planEdges(desired, before);
        expect(before).toEqual(was);
        for (const [id, sudo] of before) {
          if (desired.edges.has(id)) continue;
          const goes = desired.exclusive && !desired.keep.has(id);
          expect(after.get(id)).toEqual(goes ? undefined : sudo);
        }
        const strangers = [...after.keys()].filter(
          (id) => !before.has(id) && !desired.edges.has(id),
        );
        expect(strangers).toEqual([]);
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

  test('no plan leaves sudo without password where there is no sudo', () => {
    fc.assert(
      fc.property(desired, edges, (desired, before) => {
        for (const { sudo, sudo_without_password } of planEdges(desired, before).after.values()) {
          expect(sudo || !sudo_without_password).toBe(true);
        }
      }),
    );
  });
});
