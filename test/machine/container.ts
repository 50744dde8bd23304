import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { findControlGroups, removeGroups } from './control-groups.ts';
import { type BootEnd, type CommandResult, isUp, Machine } from './machine.ts';

/**
 * Maximum duration of a boot in seconds. The command `timeout` then stops the machine, even if the
 * test has died.
 */
const MAX_BOOT_SECONDS = '200';

/** A machine that systemd-nspawn boots from a directory. */
export class Container extends Machine {
  readonly loopback = '127.0.0.1';
  /**
   * The path of the container's network namespace. If undefined, the container shares this
   * machine's network.
   */
  network: string | undefined;
  readonly #image: string;
  #nspawn: ReturnType<typeof startNspawn> | undefined;
  #leader = '';
  #group = '';

  private constructor(directory: string, image: string) {
    super(directory);
    this.#image = image;
  }

  /**
   * Makes a machine that is switched off. Its disk is a copy of `from`, which is the image or the
   * disk of another machine. /usr is most of the disk and is not copied: the /usr of the image is
   * mounted read-only.
   */
  static async copy(image: string, from = image): Promise<Container> {
    const directory = await mkdtemp(join(tmpdir(), 'machine-'));
    const rest = (await readdir(from)).filter((name) => name !== 'usr');
    await execa('cp', ['-a', ...rest.map((name) => join(from, name)), directory]);
    await mkdir(join(directory, 'usr'));
    // Users other than root must be able to enter the root directory of the machine.
    await chmod(directory, 0o755);
    return new Container(directory, image);
  }

  /**
   * Makes a machine that is switched off. Its /usr is that of this machine, and its other
   * directories are almost empty.
   */
  static async ofThisMachine(): Promise<Container> {
    const directory = await mkdtemp(join(tmpdir(), 'machine-'));
    for (const name of ['etc/systemd/system', 'usr', 'opt', 'root', 'tmp', 'var/log/journal']) {
      await mkdir(join(directory, name), { recursive: true });
    }
    for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
      await symlink(join('usr', name), join(directory, name));
    }
    await copyFile('/usr/lib/os-release', join(directory, 'etc/os-release'));
    await writeFile(join(directory, 'etc/machine-id'), '');
    await chmod(directory, 0o755);
    return new Container(directory, '/');
  }

  async boot(): Promise<void> {
    this.#group = join(await findControlGroups(), basename(this.directory));
    const nspawn = startNspawn(
      this.directory,
      join(this.#image, 'usr'),
      this.#group,
      this.network === undefined ? [] : [`--network-namespace-path=${this.network}`],
    );
    this.#nspawn = nspawn;
    let hasEnded = false;
    void nspawn.then(() => {
      hasEnded = true;
    });
    for (let tries = 0; tries < 300; tries++) {
      if (hasEnded) throw new Error(`The machine did not boot:\n${(await nspawn).all}`);
      this.#leader = (await initOf(nspawn.pid ?? 0)) ?? '';
      if (this.#leader !== '' && isUp(await this.run('systemctl', 'is-system-running'))) return;
      await sleep(100);
    }
    throw new Error('The machine did not boot within 30 seconds.');
  }

  run(...command: string[]): Promise<CommandResult> {
    const namespaces = ['-m', '-u', '-i', '-n', '-p', '-r', '-w'];
    return execa('nsenter', ['-t', this.#leader, ...namespaces, ...command], {
      extendEnv: false,
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C.UTF-8',
      },
      stdin: 'ignore',
      reject: false,
      timeout: 60_000,
    });
  }

  async waitForEnd(): Promise<BootEnd> {
    const result = await this.#nspawn;
    this.#nspawn = undefined;
    if (result?.exitCode === 0) return 'off';
    return result?.exitCode === 133 ? 'reboot' : 'killed';
  }

  protected async journalDirectory(): Promise<string> {
    return join(this.directory, 'var/log/journal');
  }

  async remove(): Promise<void> {
    if (this.#nspawn !== undefined) {
      // The processes in the machine survive when only systemd-nspawn is killed.
      await writeFile(join(this.#group, 'cgroup.kill'), '1');
      await this.#nspawn;
    }
    await rm(this.directory, { recursive: true, force: true });
    // systemd-nspawn never removes the control groups. It leaves the lock file if it is killed, and
    // the directory `propagated` if /run is not a tmpfs.
    const propagated = join('/run/systemd/nspawn/propagate', nameOf(this.directory));
    await rm(propagated, { recursive: true, force: true });
    await rm(join(dirname(this.directory), `.#${basename(this.directory)}.lck`), { force: true });
    await removeGroups(basename(this.directory));
  }
}

function nameOf(directory: string): string {
  return basename(directory).toLowerCase();
}

/**
 * Starts a machine in its own control group. In a shared control group, machines would remove the
 * groups of one another.
 */
const IN_GROUP = 'mkdir -p "$1" && echo $$ >"$1/cgroup.procs" && shift && exec "$@"';

function startNspawn(directory: string, usr: string, group: string, network: readonly string[]) {
  const words = ['--boot', '--register=no', '--keep-unit', '--console=pipe', '--resolv-conf=off'];
  const name = `--machine=${nameOf(directory)}`;
  const nspawn = [
    'timeout',
    '-k',
    '60',
    MAX_BOOT_SECONDS,
    'systemd-nspawn',
    ...words,
    ...network,
    name,
    `--bind-ro=${usr}:/usr`,
    '-D',
    directory,
  ];
  return execa('sh', ['-c', IN_GROUP, 'sh', group, ...nspawn], {
    stdin: 'ignore',
    all: true,
    reject: false,
    env: { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
  });
}

/**
 * Returns the id of the process that is process 1 in a machine. Searches the descendants of
 * `parent`.
 */
async function initOf(parent: number | string): Promise<string | undefined> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const children = await read(`/proc/${parent}/task/${parent}/children`);
  for (const child of children.split(' ').filter((pid) => pid !== '')) {
    const isInit = /^NSpid:.*\s1$/m.test(await read(`/proc/${child}/status`));
    const found = isInit ? child : await initOf(child);
    if (found !== undefined) return found;
  }
  return undefined;
}
