import type { LookupAddress } from 'node:dns';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { DnsResolver } from '../../../src/transport/connect/dns.ts';

const FOUND: LookupAddress[] = [{ address: '192.0.2.1', family: 4 }];
const DEAD = Object.assign(new Error('dead'), { code: 'EAI_AGAIN' });
/** A remaining time below zero: even the fastest lookup exceeds the budget. */
const EXCEEDED_MS = -1000;

type Answer = (error: Error | null, addresses: LookupAddress[]) => void;
let answers: Answer[];
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
const get = () => resolver.addressesOf('host.example').catch((error: unknown) => error);

test('parallel lookups of a name share one query and its result', async () => {
  const three = [get(), get(), get()];
  expect(answers).toHaveLength(1);
  answers[0]?.(null, FOUND);
  expect(await Promise.all(three)).toEqual([FOUND, FOUND, FOUND]);
});

test('parallel lookups of a name share one query and its error', async () => {
  const two = [get(), get()];
  answers[0]?.(DEAD, []);
  expect(await Promise.all(two)).toEqual([DEAD, DEAD]);
});

test('sequential lookups ask the resolver each time', async () => {
  for (const error of [null, DEAD, null]) {
    const one = get();
    answers.at(-1)?.(error, FOUND);
    expect(await one).toEqual(error ?? FOUND);
  }
  expect(answers).toHaveLength(3);
});

test('a lookup that would exceed the budget fails with the previous error', async () => {
  const first = get();
  await sleep(20);
  answers[0]?.(DEAD, []);
  await first;
  leftMs = EXCEEDED_MS;
  expect(await get()).toBe(DEAD);
  expect(answers).toHaveLength(1);
  leftMs = 0;
  const second = get();
  answers[1]?.(null, FOUND);
  expect(await second).toEqual(FOUND);
});

test('near the end of the budget, known addresses are used without a lookup', async () => {
  const first = get();
  answers[0]?.(null, FOUND);
  await first;
  leftMs = 9000;
  expect(await get()).toEqual(FOUND);
  expect(answers).toHaveLength(1);
});
