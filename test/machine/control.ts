import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { quoted } from '../terminal.ts';
import type { RanInside } from './machine.ts';
import { connect } from './qmp.ts';

/**
 * What a virtual machine has to have for that, as a unit of systemd: each line, a number and a shell's
 * command, is answered by a line: the number, the exit status, and what was printed, as Base64.
 */
export const CONTROL_UNIT = `[Unit]
Description=Lets the tests run commands
DefaultDependencies=no
[Service]
ExecStart=/bin/bash /etc/control
Restart=always
RestartSec=1
[Install]
WantedBy=sysinit.target
`;

/** The unit's program. */
export const CONTROL_PROGRAM = `exec 3<>/dev/virtio-ports/control
while read -r id line <&3; do
  out=$(bash -c "$line" 3<&- 2>&1 </dev/null)
  echo "$id $? $(printf %s "$out" | base64 -w0)" >&3
done
`;

/** Runs commands in a virtual machine, through a serial port of its own. */
export class Control {
  readonly #socket: Socket;
  readonly #waiting = new Map<string, (answer: RanInside) => void>();
  #count = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    createInterface({ input: socket }).on('line', (line) => {
      const [id = '', status, output = ''] = line.split(' ');
      const stdout = Buffer.from(output, 'base64').toString();
      this.#waiting.get(id)?.({ stdout, stderr: '', exitCode: Number(status) });
    });
  }

  static async open(path: string): Promise<Control> {
    return new Control(await connect(path));
  }

  /** Gives an empty answer when the machine has none within so many seconds, because it is off perhaps. */
  async run(command: readonly string[], seconds: number): Promise<RanInside> {
    const id = String(++this.#count);
    const answer = new Promise<RanInside>((resolve) => {
      this.#waiting.set(id, resolve);
      setTimeout(() => resolve({ stdout: '', stderr: '' }), seconds * 1000).unref();
    });
    this.#socket.write(`${id} ${command.map(quoted).join(' ')}\n`);
    try {
      return await answer;
    } finally {
      this.#waiting.delete(id);
    }
  }
}
