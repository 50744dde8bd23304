import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The cost of one run: wall and CPU time in seconds, peak memory in MiB, exit status. */
export interface Cost {
  readonly wall: number;
  readonly cpu: number;
  readonly peak: number;
  readonly exit: number;
}

/** A command to measure. */
export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs commands in sequence and reports the cost of each. */
export class Measurer {
  readonly #process = spawn('python3', [new URL('measure.py', import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  readonly #lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();

  async run(command: Command): Promise<Cost> {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    const { value } = await this.#lines.next();
    return JSON.parse(value);
  }

  close(): void {
    this.#process.stdin.end();
  }
}
