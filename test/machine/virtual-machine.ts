import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { CONTROL_PROGRAM, CONTROL_UNIT, Control } from './control.ts';
import { type BootEnd, type CommandResult, isUp, Machine } from './machine.ts';
import { Qmp } from './qmp.ts';

/** Maximum duration of a boot in seconds. */
const MAX_BOOT_SECONDS = '900';

// Files in the directory of a machine. The disk is made from the directory `root`.
const ROOT = 'root';
const DISK = 'disk.raw';
const CONSOLE = 'console';
const QMP = 'qmp';
const CONTROL = 'control';

const NETWORK = '[Match]\nName=e*\n[Network]\nDHCP=ipv4\n';

/**
 * A machine that qemu emulates, including its kernel, power button, clock and network card. Its
 * disk is made at the first boot: files that are written to its directory later have no effect.
 */
export class VirtualMachine extends Machine {
  readonly loopback = '10.0.2.2';
  /** The time of the clock at power-on: `utc`, or a time such as `2025-01-02T03:04:05`. */
  clock = 'utc';
  readonly #workDir: string;
  #qemu: ReturnType<typeof startQemu> | undefined;
  #qmp: Qmp | undefined;
  #control: Control | undefined;
  #isPlugged = true;

  private constructor(workDir: string) {
    super(join(workDir, ROOT));
    this.#workDir = workDir;
  }

  /**
   * Makes a machine that is switched off. Its disk is made from a copy of the directory of the
   * image. Files in the /usr of the copy are hard links to the files of the image.
   */
  static async copy(image: string): Promise<VirtualMachine> {
    const machine = new VirtualMachine(await mkdtemp(join(tmpdir(), 'machine-')));
    const { directory } = machine;
    await mkdir(directory);
    const rest = (await readdir(image)).filter((name) => name !== 'usr');
    await execa('cp', ['-a', ...rest.map((name) => join(image, name)), directory]);
    await execa('cp', ['-al', join(image, 'usr'), directory]);
    await machine.write('etc/systemd/system/control.service', CONTROL_UNIT);
    await machine.write('etc/control', CONTROL_PROGRAM);
    await machine.write('etc/systemd/network/dhcp.network', NETWORK);
    const units = ['control', 'systemd-networkd'];
    await execa('systemctl', ['--root', directory, 'enable', ...units]);
    return machine;
  }

  async boot(): Promise<void> {
    const at = (name: string) => join(this.#workDir, name);
    if (!existsSync(at(DISK))) {
      await execa('mke2fs', ['-q', '-t', 'ext4', '-d', this.directory, at(DISK), '1800M']);
    }
    for (const socket of [QMP, CONTROL]) await rm(at(socket), { force: true });
    const qemu = startQemu(this.#workDir, this.clock);
    this.#qemu = qemu;
    this.#qmp = await Qmp.open(at(QMP)).catch(async () => {
      throw new Error(`qemu did not start:\n${(await qemu).all}`);
    });
    this.setCablePlugged(this.#isPlugged);
    this.#control = await Control.open(at(CONTROL));
    const end = Date.now() + 180_000;
    while (Date.now() < end) {
      if (isUp(await this.#control.run(['systemctl', 'is-system-running'], 10))) return;
      await sleep(500);
    }
    const consoleEnd = (await readFile(at(CONSOLE), 'utf8')).slice(-1000);
    throw new Error(
      `The machine did not boot within 180 seconds. Its console ends with:\n${consoleEnd}`,
    );
  }

  /**
   * Reboots with kexec, without firmware and boot loader, and waits until the new boot has started.
   */
  async kexec(): Promise<void> {
    const bootId = async () =>
      (await this.#control?.run(['cat', '/proc/sys/kernel/random/boot_id'], 10))?.stdout ?? '';
    const before = await bootId();
    await this.run('kexec', '--load', '/vmlinuz', '--initrd=/initrd.img', '--reuse-cmdline');
    void this.run('systemctl', 'kexec');
    const end = Date.now() + 180_000;
    while (Date.now() < end) {
      if (!['', before].includes(await bootId())) return;
      await sleep(500);
    }
    throw new Error('The machine did not boot within 180 seconds after kexec.');
  }

  /** Presses the power button. */
  pressPowerButton(): void {
    this.#qmp?.execute('system_powerdown');
  }

  /** Plugs or unplugs the network cable. */
  setCablePlugged(isPlugged: boolean): void {
    this.#isPlugged = isPlugged;
    this.#qmp?.execute('set_link', { name: 'nic', up: isPlugged });
  }

  async run(...command: string[]): Promise<CommandResult> {
    return this.#control?.run(command, 60) ?? { stdout: '', stderr: '' };
  }

  /** Does not wait for the command, because the machine may be off before it can answer. */
  override async end(...command: string[]): Promise<BootEnd> {
    void this.run(...command);
    return this.waitForEnd();
  }

  async waitForEnd(): Promise<BootEnd> {
    await this.#qemu;
    this.#qemu = undefined;
    const { reason = '' } = this.#qmp ?? {};
    if (reason === 'guest-shutdown') return 'off';
    return reason === 'guest-reset' ? 'reboot' : 'killed';
  }

  protected async journalDirectory(): Promise<string> {
    const directory = await mkdtemp(join(this.#workDir, 'journal-'));
    const words = ['-R', `rdump /var/log/journal ${directory}`, join(this.#workDir, DISK)];
    await execa('debugfs', words);
    return join(directory, 'journal');
  }

  async remove(): Promise<void> {
    if (this.#qemu !== undefined) {
      this.#qmp?.execute('quit');
      await this.#qemu;
    }
    await rm(this.#workDir, { recursive: true, force: true });
  }
}

function startQemu(workDir: string, clock: string) {
  const at = (name: string) => join(workDir, name);
  const words = [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '1024', '-no-reboot'],
    ...['-nographic', '-no-user-config', '-nodefaults', '-rtc', `base=${clock}`],
    ...['-kernel', join(at(ROOT), 'vmlinuz'), '-initrd', join(at(ROOT), 'initrd.img')],
    ...['-append', 'root=/dev/vda rw console=ttyS0'],
    ...['-drive', `file=${at(DISK)},format=raw,if=virtio`],
    ...['-netdev', 'user,id=n0', '-device', 'virtio-net-pci,netdev=n0,id=nic'],
    ...['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci'],
    ...['-chardev', `socket,id=control,path=${at(CONTROL)},server=on,wait=off`],
    ...['-device', 'virtserialport,chardev=control,name=control'],
    ...['-chardev', `file,id=log,path=${at(CONSOLE)},append=on`, '-serial', 'chardev:log'],
    ...['-qmp', `unix:${at(QMP)},server=on,wait=off`],
  ];
  return execa('timeout', ['-k', '60', MAX_BOOT_SECONDS, 'qemu-system-x86_64', ...words], {
    stdin: 'ignore',
    all: true,
    reject: false,
  });
}
