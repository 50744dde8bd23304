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
import { controlGroups, removeGroups } from './control-groups.ts';
import { type End, isUp, Machine, type RanInside } from './machine.ts';

/** No boot may last longer, in seconds; then the machine is powered off, whoever started it. */
const MAX_BOOT = '200';

/** A machine with a folder for a disk, which systemd-nspawn boots. It has this machine's network. */
export class Container extends Machine {
  readonly loopback = '127.0.0.1';
  readonly #image: string;
  #nspawn: ReturnType<typeof startNspawn> | undefined;
  #leader = '';
  #group = '';

  private constructor(directory: string, image: string) {
    super(directory);
    this.#image = image;
  }

  /**
   * A new machine, switched off, with a copy of an image's or another machine's disk. It has the
   * image's /usr, which is nearly all of it and cannot be written to.
   */
  static async copy(image: string, from = image): Promise<Container> {
    const directory = await mkdtemp(join(tmpdir(), 'machine-'));
    const rest = (await readdir(from)).filter((name) => name !== 'usr');
    await execa('cp', ['-a', ...rest.map((name) => join(from, name)), directory]);
    await mkdir(join(directory, 'usr'));
    // It is the machine's root, which not only root has to pass.
    await chmod(directory, 0o755);
    return new Container(directory, image);
  }

  /** A new machine, switched off, with the systemd and all other programs of this one, and nothing else. */
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
    this.#group = join(await controlGroups(), basename(this.directory));
    const nspawn = startNspawn(this.directory, join(this.#image, 'usr'), this.#group);
    this.#nspawn = nspawn;
    let over = false;
    void nspawn.then(() => {
      over = true;
    });
    for (let tries = 0; tries < 300; tries++) {
      if (over) throw new Error(`The machine did not boot:\n${(await nspawn).all}`);
      this.#leader = (await initOf(nspawn.pid ?? 0)) ?? '';
      if (this.#leader !== '' && isUp(await this.run('systemctl', 'is-system-running'))) return;
      await sleep(100);
    }
    throw new Error('The machine did not boot within 30 seconds.');
  }

  run(...command: string[]): Promise<RanInside> {
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

  async ended(): Promise<End> {
    const result = await this.#nspawn;
    this.#nspawn = undefined;
    if (result?.exitCode === 0) return 'off';
    return result?.exitCode === 133 ? 'reboot' : 'cut';
  }

  protected async journalDirectory(): Promise<string> {
    return join(this.directory, 'var/log/journal');
  }

  async remove(): Promise<void> {
    if (this.#nspawn !== undefined) {
      // What runs in it outlives systemd-nspawn when that alone is killed.
      await writeFile(join(this.#group, 'cgroup.kill'), '1');
      await this.#nspawn;
    }
    await rm(this.directory, { recursive: true, force: true });
    // What systemd-nspawn leaves behind: where /run is no tmpfs, when it is killed, and in any case.
    const propagated = join('/run/systemd/nspawn/propagate', nameOf(this.directory));
    await rm(propagated, { recursive: true, force: true });
    await rm(join(dirname(this.directory), `.#${basename(this.directory)}.lck`), { force: true });
    await removeGroups(basename(this.directory));
  }
}

function nameOf(directory: string): string {
  return basename(directory).toLowerCase();
}

/** Two machines in one control group would tear down each other's, so each gets its own. */
const IN_GROUP = 'mkdir -p "$1" && echo $$ >"$1/cgroup.procs" && shift && exec "$@"';

function startNspawn(directory: string, usr: string, group: string) {
  const words = ['--boot', '--register=no', '--keep-unit', '--console=pipe', '--resolv-conf=off'];
  const name = `--machine=${nameOf(directory)}`;
  const nspawn = [
    'timeout',
    '-k',
    '60',
    MAX_BOOT,
    'systemd-nspawn',
    ...words,
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

/** The process that is number 1 in the machine that another process keeps. */
async function initOf(keeper: number | string): Promise<string | undefined> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const children = await read(`/proc/${keeper}/task/${keeper}/children`);
  for (const child of children.split(' ').filter((pid) => pid !== '')) {
    const isInit = /^NSpid:.*\s1$/m.test(await read(`/proc/${child}/status`));
    const found = isInit ? child : await initOf(child);
    if (found !== undefined) return found;
  }
  return undefined;
}
