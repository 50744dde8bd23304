import type { LookupAddress } from 'node:dns';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { Resolver } from '../../../src/transport/connect/dns.ts';

const FOUND: LookupAddress[] = [{ address: '192.0.2.1', family: 4 }];
const DEAD = Object.assign(new Error('dead'), { code: 'EAI_AGAIN' });
/** Less than nothing left, so that whatever takes any time takes too long. */
const OVERDRAWN = -1000;

type Answer = (error: Error | null, addresses: LookupAddress[]) => void;
let answers: Answer[];
let leftMs: number;
let resolver: Resolver;
beforeEach(() => {
  answers = [];
  leftMs = 60_000;
  resolver = new Resolver(
    () => leftMs,
    (_name, _options, answer) => answers.push(answer),
  );
});

/** What a lookup comes to, as soon as it does. */
const get = () => resolver.addressesOf('host.example').catch((error: unknown) => error);

test('lookups at the same time share one', async () => {
  const three = [get(), get(), get()];
  expect(answers).toHaveLength(1);
  answers[0]?.(null, FOUND);
  expect(await Promise.all(three)).toEqual([FOUND, FOUND, FOUND]);
});

test('so do those that fail', async () => {
  const two = [get(), get()];
  answers[0]?.(DEAD, []);
  expect(await Promise.all(two)).toEqual([DEAD, DEAD]);
});

test('later ones ask anew', async () => {
  for (const error of [null, DEAD, null]) {
    const one = get();
    answers.at(-1)?.(error, FOUND);
    expect(await one).toEqual(error ?? FOUND);
  }
  expect(answers).toHaveLength(3);
});

test('one that would outlast the run like the last is not begun, and fails like the last', async () => {
  const first = get();
  await sleep(20);
  answers[0]?.(DEAD, []);
  await first;
  leftMs = OVERDRAWN;
  expect(await get()).toBe(DEAD);
  expect(answers).toHaveLength(1);
  leftMs = 0;
  const second = get();
  answers[1]?.(null, FOUND);
  expect(await second).toEqual(FOUND);
});

test('towards the end the known addresses have to do', async () => {
  const first = get();
  answers[0]?.(null, FOUND);
  await first;
  leftMs = 9000;
  expect(await get()).toEqual(FOUND);
  expect(answers).toHaveLength(1);
});
