import { isIP } from 'node:net';
import type { AddressRotation } from './address-rotation.ts';
import { type Dialled, dial } from './dial.ts';
import type { NameLookup } from './name-lookup.ts';

/** Connects to a port of a host, given by its name or address. */
export type Dialler = (hostname: string, port: number, done: Dialled) => void;

/** Looks a host's name up where it is none of its addresses, and dials these. */
export function dialler(lookup: NameLookup, rotation: AddressRotation): Dialler {
  return (hostname, port, done) => {
    const family = isIP(hostname);
    if (family !== 0) dial([{ address: hostname, family }], port, rotation, done);
    else
      lookup(hostname, (error, addresses) => {
        if (error) done(error, null);
        else dial(addresses, port, rotation, done);
      });
  };
}

/** The port of a URL, which names it only where it is not the usual one. */
export function portOf({ protocol, port }: { protocol: string; port: string }): number {
  return Number(port || (protocol === 'https:' ? 443 : 80));
}
