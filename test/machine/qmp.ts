import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Connects to a socket. Retries for up to ten seconds, because another process may not have created
 * the socket yet.
 */
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

/** A connection to qemu by its machine protocol (QMP): one JSON object per line. */
export class Qmp {
  readonly #socket: Socket;
  /**
   * The reason why the machine ended, such as `guest-shutdown` or `guest-reset`. Empty while it
   * runs.
   */
  reason = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const { event, data } = JSON.parse(line);
      if (event === 'SHUTDOWN') this.reason = data.reason;
    });
    socket.on('error', () => {});
    this.execute('qmp_capabilities');
  }

  static async open(path: string): Promise<Qmp> {
    return new Qmp(await connect(path));
  }

  /** Sends a command to qemu and does not wait for its answer. */
  execute(command: string, args: Readonly<Record<string, unknown>> = {}): void {
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
  }
}
