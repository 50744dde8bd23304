import type { Socket } from 'node:net';

/** Whether a connection is there still, as far as its end was read. */
export function isOpen({ destroyed, readableEnded }: Socket): boolean {
  return !destroyed && !readableEnded;
}
