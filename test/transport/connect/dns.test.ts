import type { LookupAddress } from 'node:dns';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { DnsResolver } from '../../../src/transport/connect/dns.ts';

const ADDRESSES: LookupAddress[] = [{ address: '192.0.2.1', family: 4 }];
const LOOKUP_ERROR = Object.assign(new Error('dead'), { code: 'EAI_AGAIN' });
/** A remaining time below zero: even the fastest lookup exceeds the budget. */
const EXCEEDED_BUDGET_MS = -1000;

type LookupCallback = (error: Error | null, addresses: LookupAddress[]) => void;
let answers: LookupCallback[];
let leftMs: number;
let resolver: DnsResolver;
beforeEach(() => {
  answers = [];
  leftMs = 60_000;
  resolver = new DnsResolver(
    () => leftMs,
    (_name, _options, answer) => answers.push(answer),
  );
});

/** Looks up a name. Resolves to the addresses or the error. */
const lookUp = () => resolver.addressesOf('host.example').catch((error: unknown) => error);

test('parallel lookups of a name share one query and its result', async () => {
  const three = [lookUp(), lookUp(), lookUp()];
  expect(answers).toHaveLength(1);
  answers[0]?.(null, ADDRESSES);
  expect(await Promise.all(three)).toEqual([ADDRESSES, ADDRESSES, ADDRESSES]);
});

test('parallel lookups of a name share one query and its error', async () => {
  const two = [lookUp(), lookUp()];
  answers[0]?.(LOOKUP_ERROR, []);
  expect(await Promise.all(two)).toEqual([LOOKUP_ERROR, LOOKUP_ERROR]);
});

test('sequential lookups ask the resolver each time', async () => {
  for (const error of [null, LOOKUP_ERROR, null]) {
    const one = lookUp();
    answers.at(-1)?.(error, ADDRESSES);
    expect(await one).toEqual(error ?? ADDRESSES);
  }
  expect(answers).toHaveLength(3);
});

test('a lookup that would exceed the budget fails with the previous error', async () => {
  const first = lookUp();
  await sleep(20);
  answers[0]?.(LOOKUP_ERROR, []);
  await first;
  leftMs = EXCEEDED_BUDGET_MS;
  expect(await lookUp()).toBe(LOOKUP_ERROR);
  expect(answers).toHaveLength(1);
  leftMs = 0;
  const second = lookUp();
  answers[1]?.(null, ADDRESSES);
  expect(await second).toEqual(ADDRESSES);
});

test('near the end of the budget, known addresses are used without a lookup', async () => {
  const first = lookUp();
  answers[0]?.(null, ADDRESSES);
  await first;
  leftMs = 9000;
  expect(await lookUp()).toEqual(ADDRESSES);
  expect(answers).toHaveLength(1);
});
