import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AddressRotation } from '../../../src/transport/connect/address-rotation.ts';

const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => ({
  address,
  family: 4,
}));
const [first = '', second = '', third = ''] = addresses.map(({ address }) => address);

let now = 0n;
let rotation: AddressRotation;
const orderOf = (list = addresses) => rotation.order(list).map(({ address }) => address);

beforeEach(() => {
  now = 0n;
  vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => now * 1_000_000n);
  rotation = new AddressRotation(10_000);
});
afterEach(() => {
  vi.restoreAllMocks();
});

test('addresses that have not failed keep their order', () => {
  rotation.markConnected(first);
  expect(orderOf()).toEqual([first, second, third]);
});

test('an address that fails moves to the end, after addresses that failed earlier', () => {
  rotation.markFailed(first);
  expect(orderOf()).toEqual([second, third, first]);
  rotation.markFailed(second);
  rotation.markFailed(third);
  expect(orderOf()).toEqual([first, second, third]);
  rotation.markFailed(first);
  expect(orderOf()).toEqual([second, third, first]);
});

test('an address that only a later lookup returns is tried before addresses that have failed', () => {
  rotation.markFailed(first);
  rotation.markFailed(second);
  const added = { address: '192.0.2.4', family: 4 };
  expect(orderOf([...addresses.slice(0, 2), added])).toEqual([added.address, first, second]);
});

test('markAttemptFailed moves the address of the latest connection to the end', () => {
  rotation.markConnected(first);
  rotation.markAttemptFailed({ timedOut: false });
  rotation.markAttemptFailed({ timedOut: false });
  expect(orderOf()).toEqual([second, third, first]);
});

test.each([
  [2499, [first, second, third]],
  [2500, [second, third, first]],
])(
  'after an attempt that timed out %i ms after connecting, the addresses are tried in the order %j',
  (ms, order) => {
    rotation.markConnected(first);
    now += BigInt(ms);
    rotation.markAttemptFailed({ timedOut: true });
    expect(orderOf()).toEqual(order);
  },
);
