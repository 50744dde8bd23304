import { expect, test, vi } from 'vitest';
import { MetadataService } from '../../src/facts/metadata-service.ts';

const clock = vi.hoisted(() => ({ now: 1000 }));
vi.mock('../../src/base/monotonic-clock.ts', () => ({ monotonicMs: () => clock.now }));

// No server listens at this address.
const REQUEST = { address: '127.91.82.73', path: '/' };

test('MetadataService reports that its address refuses connections', async () => {
  const service = new MetadataService(new AbortController().signal);
  await expect(service.send(REQUEST)).rejects.toThrow('could not be reached (ECONNREFUSED)');
});

test('MetadataService sends no request later than three seconds after its first request', async () => {
  const service = new MetadataService(new AbortController().signal);
  await expect(service.send(REQUEST)).rejects.toThrow('ECONNREFUSED');
  clock.now += 2999;
  await expect(service.send(REQUEST)).rejects.toThrow(/ECONNREFUSED|3 s in all/);
  clock.now += 1;
  await expect(service.send(REQUEST)).rejects.toThrow('did not answer within 3 s in all');
});

test('MetadataService.send rejects with the reason of an interruption that came before the request', async () => {
  const interruption = new AbortController();
  interruption.abort(new Error('interrupted'));
  const service = new MetadataService(interruption.signal);
  await expect(service.send(REQUEST)).rejects.toThrow('interrupted');
  // An unhandled rejection would end the process during this wait.
  await new Promise((resolve) => setTimeout(resolve, 20));
});
