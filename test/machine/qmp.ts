import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Connects to a socket that another process is about to make. */
export async function connect(path: string): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = createConnection(path);
    const error = await new Promise<Error | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('error', resolve);
    });
    if (error === undefined) return socket;
    if (tries >= 100) throw error;
    await sleep(100);
  }
}

/** What qemu tells of itself and is told: its machine protocol, a line of JSON each. */
export class Qmp {
  readonly #socket: Socket;
  /** Why the machine went off, once it has: `guest-shutdown`, `guest-reset` … */
  reason = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const { event, data } = JSON.parse(line);
      if (event === 'SHUTDOWN') this.reason = data.reason;
    });
    socket.on('error', () => {});
    this.tell('qmp_capabilities');
  }

  static async open(path: string): Promise<Qmp> {
    return new Qmp(await connect(path));
  }

  /** Has qemu do something. */
  tell(execute: string, args: Readonly<Record<string, unknown>> = {}): void {
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
  }
}
