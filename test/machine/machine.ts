import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** How a boot ends: `off` by a power-off or halt, `killed` without a proper shutdown. */
export type BootEnd = 'off' | 'reboot' | 'killed';

/** The result of a command in a machine. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode?: number | undefined;
}

/** Returns whether systemd runs in a machine, given the output of `systemctl is-system-running`. */
export function isUp({ stdout }: CommandResult): boolean {
  return /^(initializing|starting|running|degraded)/.test(stdout);
}

/** A machine that runs systemd. */
export abstract class Machine {
  /** The directory with the contents of the disk of the machine. */
  readonly directory: string;
  /** The address at which the machine reaches the loopback interface of the host of the tests. */
  abstract readonly loopback: string;

  protected constructor(directory: string) {
    this.directory = directory;
  }

  /** Switches the machine on and waits until systemd answers. */
  abstract boot(): Promise<void>;
  /** Runs a command in the machine. */
  abstract run(...command: string[]): Promise<CommandResult>;
  /** Waits until the boot has ended. Returns how it ended. */
  abstract waitForEnd(): Promise<BootEnd>;
  /** Returns the directory of the journal, which can be read while the machine is off. */
  protected abstract journalDirectory(): Promise<string>;
  /** Kills the machine if it is running, and removes its disk. */
  abstract remove(): Promise<void>;

  /** Writes a file to the directory of the machine. */
  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.directory, path)), { recursive: true });
    await writeFile(join(this.directory, path), text);
  }

  /** Makes JumpCloud's name resolve to an address, or not resolve. */
  async resolveTo(address: string | undefined): Promise<void> {
    await this.write('etc/hosts', '127.0.0.1 localhost\n');
    if (address === undefined) return;
    await appendFile(join(this.directory, 'etc/hosts'), `${address} console.jumpcloud.com\n`);
  }

  /** Returns the active state and the sub-state of a unit, such as `active exited`. */
  async state(unit: string): Promise<string> {
    const words = ['--value', '--property=ActiveState,SubState', unit];
    return (await this.run('systemctl', 'show', ...words)).stdout.trim().replace(/\s+/, ' ');
  }

  /**
   * Waits until the active state or the sub-state of a unit is `state`.
   * @throws Error with the status of the unit, when the time is up
   */
  async waitForState(unit: string, state: string, seconds: number): Promise<void> {
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

  /** Runs a command that ends the boot, and waits until the boot has ended. */
  async end(...command: string[]): Promise<BootEnd> {
    await this.run(...command);
    return this.waitForEnd();
  }

  /** Returns the journal of a unit for all boots. Works only while the machine is off. */
  async journal(unit: string): Promise<string> {
    const words = ['-D', await this.journalDirectory(), '-u', unit, '--no-pager', '--no-hostname'];
    const { stdout } = await execa('journalctl', [...words, '-o', 'short-monotonic'], {
      reject: false,
    });
    return stdout;
  }
}
