import { afterAll, expect } from 'vitest';
import { runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { rewrittenLines } from '../terminal.ts';
import type { Behaviour } from './behaviour.ts';
import { BEHAVIOURS, GRAPH_LAG_MS } from './behaviours.ts';
import { type Caller, flagsOf, makeProcessCaller } from './caller.ts';
import { CALLERS } from './callers.ts';
import { type Cell, coveringCells, everyCell } from './cells.ts';
import { isPossible } from './is-possible.ts';
import { type CallOutcome, runCells } from './run-cells.ts';
import { renderTable } from './table.ts';
import { TestBed } from './test-bed.ts';

/** Number of callers that run at the same time. More would only wait for the machine's cores. */
const CONCURRENCY = 3;

const isWholeTable = process.env['CALLERS'] === 'all';
const callers = CALLERS.filter(isPossible);
const cells = (isWholeTable ? everyCell : coveringCells)(callers, BEHAVIOURS);

/** Calls the executables directly. Its results are the reference for all other callers. */
const reference = makeProcessCaller(
  { name: 'The reference', column: 'reference' },
  async () => (call) => runModule(call.module, call.options, { flags: flagsOf(call) }),
);

/** The outcomes by caller, then by the name of the behaviour. */
const outcomes = new Map<Caller, ReadonlyMap<string, CallOutcome | Error>>();

test.beforeAll(async ({ startWith }) => {
  const emulator = await startWith({ observeLag: GRAPH_LAG_MS });
  const bed = new TestBed(emulator);
  const ids = { group: emulator.store.addGroup() };
  const queue = [...callers, reference];
  const work = async () => {
    for (let caller = queue.pop(); caller !== undefined; caller = queue.pop()) {
      const behaviours = behavioursFor(caller);
      const fail = (error: Error) => new Map(behaviours.map(({ name }) => [name, error]));
      outcomes.set(caller, await runCells(bed, caller, behaviours, ids).catch(fail));
    }
  };
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  } finally {
    await bed.close();
  }
}, 600_000);

afterAll(() => {
  if (isWholeTable) console.log(renderTable(callers, BEHAVIOURS, tableEntry));
});

test.each(cells.map((cell) => [cell.caller.name, cell.behaviour.name, cell] as const))(
  '%s observes the same result as a direct call (%s)',
  (_caller, _behaviour, cell) => verify(cell),
);

function behavioursFor(caller: Caller): Behaviour[] {
  return BEHAVIOURS.filter((behaviour) =>
    cells.some((cell) => cell.behaviour === behaviour && [cell.caller, reference].includes(caller)),
  );
}

function verify({ caller, behaviour }: Cell): void {
  const direct = outcomeOf(reference, behaviour);
  expect(direct.answer).toMatchObject(behaviour.expected);
  const { answer, writes, observation } = outcomeOf(caller, behaviour);
  expect(withoutKeys(answer, caller.hides)).toEqual(withoutKeys(direct.answer, caller.hides));
  expect(writes).toEqual(direct.writes);
  const { exitCode = direct.observation.exitCode, stderr = '' } = observation;
  expect(exitCode).toBe(direct.observation.exitCode);
  if (caller.showsProgress) verifyProgress(stderr, behaviour);
  else expect(stderr).toBe('');
}

/**
 * Expects stderr to contain only a progress line, which is erased at the end. A run that waits must
 * print such a line.
 */
function verifyProgress(stderr: string, { waits }: Behaviour): void {
  const steps = rewrittenLines(stderr);
  if (waits) expect(steps).not.toEqual([]);
  for (const step of steps) expect(step).toMatch(/^Waiting /);
  if (steps.length > 0) expect(stderr.endsWith('\r\x1b[K')).toBe(true);
}

function withoutKeys(answer: object, keys: readonly string[] = []): object {
  return Object.fromEntries(Object.entries(answer).filter(([key]) => !keys.includes(key)));
}

function outcomeOf(caller: Caller, behaviour: Behaviour): CallOutcome {
  const outcome = outcomes.get(caller)?.get(behaviour.name);
  if (outcome === undefined) throw new Error(`${caller.name} did not call.`);
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

/** Returns the text of a table cell: whether the answer is as expected, and its time in seconds. */
function tableEntry(cell: Cell): string {
  if (
    !cells.some(({ caller, behaviour }) => caller === cell.caller && behaviour === cell.behaviour)
  )
    return '';
  try {
    verify(cell);
    return `ok ${outcomeOf(cell.caller, cell.behaviour).observation.seconds.toFixed(1)}`;
  } catch {
    return 'failed';
  }
}
