import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A DNS server on loopback. */
export interface NameServer {
  readonly address: string;
  /** The names that clients have asked for, in order of arrival. */
  readonly queriedNames: string[];
  close(): void;
}

/**
 * Starts a name server on port 53 of a local address. The server answers a name in `knownNames`
 * with its IPv4 addresses, and any other name with NXDOMAIN. If `knownNames` is undefined, the
 * server never answers.
 */
export async function startNameServer(
  address: string,
  knownNames?: Readonly<Record<string, string | readonly string[]>>,
): Promise<NameServer> {
  const queriedNames: string[] = [];
  const socket = createSocket('udp4').bind(53, address);
  socket.on('message', (query, { port, address: from }) => {
    const { name, isForIpv4, end } = readQuestion(query);
    queriedNames.push(name);
    if (knownNames === undefined) return;
    const found = knownNames[name.toLowerCase()];
    const addresses = isForIpv4 ? [found ?? []].flat() : [];
    const records = addresses.map((each) =>
      Buffer.concat([
        Buffer.from('c00c00010001000000000004', 'hex'),
        Buffer.from(each.split('.').map(Number)),
      ]),
    );
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(found === undefined ? 0x8183 : 0x8180, 2);
    head.writeUInt16BE(records.length, 6);
    head.writeUInt32BE(0, 8);
    socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), port, from);
  });
  await once(socket, 'listening');
  return { address, queriedNames, close: () => socket.close() };
}

/** Parses the only question of a query. `end` is the offset after the question. */
function readQuestion(query: Buffer): { name: string; isForIpv4: boolean; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), isForIpv4: query.readUInt16BE(at + 1) === 1, end: at + 5 };
}
