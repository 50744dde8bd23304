import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** How a boot ended: by powering off or halting, by asking for another one, or by being cut. */
export type End = 'off' | 'reboot' | 'cut';

/** What came of a command in a machine. */
export interface RanInside {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode?: number | undefined;
}

/** Whether there is a systemd in a machine, by its answer to `systemctl is-system-running`. */
export function isUp({ stdout }: RanInside): boolean {
  return /^(initializing|starting|running|degraded)/.test(stdout);
}

/** A machine with systemd in it. */
export abstract class Machine {
  /** What its disk is made of. */
  readonly directory: string;
  /** Where it finds what listens on loopback of the machine that runs the tests. */
  abstract readonly loopback: string;

  protected constructor(directory: string) {
    this.directory = directory;
  }

  /** Switches it on, and returns once its systemd can be talked to. */
  abstract boot(): Promise<void>;
  /** Runs a command in it. */
  abstract run(...command: string[]): Promise<RanInside>;
  /** How the boot ended, once it has. */
  abstract ended(): Promise<End>;
  /** Where its journal can be read while it is off. */
  protected abstract journalDirectory(): Promise<string>;
  /** Cuts its power, if it has any, and removes its disk. */
  abstract remove(): Promise<void>;

  /** Writes a file to its folder. */
  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.directory, path)), { recursive: true });
    await writeFile(join(this.directory, path), text);
  }

  /** Has JumpCloud's name lead to an address, or to none. */
  async resolveTo(address: string | undefined): Promise<void> {
    await this.write('etc/hosts', '127.0.0.1 localhost\n');
    if (address === undefined) return;
    await appendFile(join(this.directory, 'etc/hosts'), `${address} console.jumpcloud.com\n`);
  }

  /** What systemd knows of a unit's state, as two words: `active exited`. */
  async state(unit: string): Promise<string> {
    const words = ['--value', '--property=ActiveState,SubState', unit];
    return (await this.run('systemctl', 'show', ...words)).stdout.trim().replace(/\s+/, ' ');
  }

  /** Waits until one of those words is this one. */
  async until(unit: string, state: string, seconds: number): Promise<void> {
    const end = Date.now() + seconds * 1000;
    let last = '';
    while (Date.now() < end) {
      last = await this.state(unit);
      if (last.split(' ').includes(state)) return;
      await sleep(300);
    }
    const { stdout } = await this.run('systemctl', 'status', '--no-pager', '--full', unit);
    throw new Error(`${unit} is ${last}, not ${state}, after ${seconds} s.\n${stdout}`);
  }

  /** Tells it to end in some way, and waits until it has. */
  async end(...command: string[]): Promise<End> {
    await this.run(...command);
    return this.ended();
  }

  /** What a unit has written to the journal, in all boots; read while the machine is off. */
  async journal(unit: string): Promise<string> {
    const words = ['-D', await this.journalDirectory(), '-u', unit, '--no-pager', '--no-hostname'];
    const { stdout } = await execa('journalctl', [...words, '-o', 'short-monotonic'], {
      reject: false,
    });
    return stdout;
  }
}
