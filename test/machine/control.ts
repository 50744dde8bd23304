import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { quoteForShell } from '../terminal.ts';
import type { CommandResult } from './machine.ts';
import { connect } from './qmp.ts';

/**
 * The systemd unit in the virtual machine that `Control` talks to. A request is a line with an id
 * and a shell command. The answer is a line with the id, the exit status and the output in Base64.
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

/** The shell script that the unit runs. */
export const CONTROL_PROGRAM = `exec 3<>/dev/virtio-ports/control
while read -r id line <&3; do
  out=$(bash -c "$line" 3<&- 2>&1 </dev/null)
  echo "$id $? $(printf %s "$out" | base64 -w0)" >&3
done
`;

/** Runs commands in a virtual machine, through a separate serial port. */
export class Control {
  readonly #socket: Socket;
  readonly #pending = new Map<string, (answer: CommandResult) => void>();
  #count = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    createInterface({ input: socket }).on('line', (line) => {
      const [id = '', status, output = ''] = line.split(' ');
      const stdout = Buffer.from(output, 'base64').toString();
      this.#pending.get(id)?.({ stdout, stderr: '', exitCode: Number(status) });
    });
  }

  static async open(path: string): Promise<Control> {
    return new Control(await connect(path));
  }

  /**
   * Runs a command. The result is empty when no answer arrives in time, for example after a
   * power-off.
   */
  async run(command: readonly string[], seconds: number): Promise<CommandResult> {
    const id = String(++this.#count);
    const answer = new Promise<CommandResult>((resolve) => {
      this.#pending.set(id, resolve);
      setTimeout(() => resolve({ stdout: '', stderr: '' }), seconds * 1000).unref();
    });
    this.#socket.write(`${id} ${command.map(quoteForShell).join(' ')}\n`);
    try {
      return await answer;
    } finally {
      this.#pending.delete(id);
    }
  }
}
