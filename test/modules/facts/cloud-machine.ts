import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MetadataConfig, MetadataRequest } from '../../emulator/metadata/metadata-service.ts';
import type { Answer, ModuleName } from '../../harness/executable.ts';

/** The properties of a machine that a module can read. */
export interface MachineConfig {
  /** The DMI strings in /sys/class/dmi/id. */
  readonly dmi?: Readonly<Record<string, string>>;
  /** The content of the file that cloud-init writes at boot: text, or a value to write as JSON. */
  readonly cloudInit?: unknown;
  readonly metadata?: MetadataConfig;
  /** The addresses of the machine other than loopback. */
  readonly addresses?: readonly string[];
}

/** A call of a module on the machine. */
export interface MachineCall {
  readonly module: ModuleName;
  readonly options: Readonly<Record<string, unknown>>;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The path of a Node.js that runs the executable without its shell header. */
  readonly node?: string;
  /** If true, the process gets SIGTERM after a request to the metadata service. */
  readonly isInterrupted?: boolean;
}

/** The result of a call on the machine. */
export interface MachineAnswer {
  readonly answer: Answer;
  readonly exitCode: number | undefined;
  readonly stderr: string;
  /** The duration from the start of the process, or from the signal, to the end of the process. */
  readonly seconds: number;
}

/** The answers to the calls on a machine, and all their requests. */
export interface MachineReport {
  readonly answers: readonly MachineAnswer[];
  /** The requests to the metadata service. */
  readonly metadata: readonly MetadataRequest[];
  readonly connections: number;
  readonly proxyConnections: number;
  readonly dnsQuestions: readonly string[];
  /** The requests to JumpCloud: method, path after the system id, and body. */
  readonly jumpcloud: readonly { readonly method: string; readonly path: string; body?: unknown }[];
}

/** The ids of the groups in JumpCloud, by name. */
export const GROUPS = {
  linux: '5f1a3b0c9d2e4f6a7b8c9d14',
  web: '5f1a3b0c9d2e4f6a7b8c9d10',
  db: '5f1a3b0c9d2e4f6a7b8c9d15',
  cache: '5f1a3b0c9d2e4f6a7b8c9d13',
} as const;

/** The URL of a proxy on the machine. */
export const PROXY = 'http://127.0.0.1:3128';

/** The DMI strings of machines in several clouds and on hypervisors. */
export const DMI = {
  ec2: { sys_vendor: 'Amazon EC2', bios_version: '1.0', product_name: 't3.small' },
  ec2Xen: { sys_vendor: 'Xen', bios_version: '4.11.amazon', product_name: 'HVM domU' },
  google: { sys_vendor: 'Google', product_name: 'Google Compute Engine' },
  azure: {
    sys_vendor: 'Microsoft Corporation',
    product_name: 'Virtual Machine',
    chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77',
  },
  hyperV: {
    sys_vendor: 'Microsoft Corporation',
    product_name: 'Virtual Machine',
    chassis_asset_tag: '8147-4637-5529-0264-4420-6843-17',
  },
  qemu: { sys_vendor: 'QEMU', bios_version: '1.16.2', product_name: 'Standard PC (Q35)' },
} as const;

const ETC_FILES = {
  'resolv.conf': 'nameserver 127.0.0.1\n',
  'nsswitch.conf': 'hosts: files dns\n',
  'os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n',
};

const SETUP_SCRIPT = `
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /sys/class/dmi/id /run/cloud-init
for file in resolv.conf nsswitch.conf os-release; do mount --bind "$0/$file" "/etc/$file"; done
echo web-1.example.com > /proc/sys/kernel/hostname
ip link set lo up
exec "$@"
`;

const SCRIPT = new URL('./cloud-machine-process.ts', import.meta.url).pathname;

/**
 * A machine with its own namespaces for network, mounts and host name. The metadata service, the
 * JumpCloud emulator, a proxy and a name server run on it.
 */
export class CloudMachine {
  readonly #directory = mkdtempSync(join(tmpdir(), 'cloud-machine-'));
  #process: ChildProcess | undefined;

  /** Starts the machine. Returns false if this system does not allow the namespaces. */
  async start(): Promise<boolean> {
    for (const [name, text] of Object.entries(ETC_FILES)) {
      writeFileSync(join(this.#directory, name), text);
    }
    const words = ['--net', '--mount', '--uts', '/bin/sh', '-c', SETUP_SCRIPT, this.#directory];
    if (spawnSync('unshare', [...words, 'true'], { timeout: 10_000 }).status !== 0) return false;
    const program = [process.execPath, '--import', 'tsx', SCRIPT];
    this.#process = spawn('unshare', [...words, ...program], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await once(this.#process, 'message');
    return true;
  }

  /** Calls modules in sequence on a machine with the given properties. */
  async run(machine: MachineConfig, ...calls: readonly MachineCall[]): Promise<MachineReport> {
    if (this.#process === undefined) throw new Error('the machine has not been started');
    const waitController = new AbortController();
    const { signal } = waitController;
    const next = Promise.race([
      once(this.#process, 'message', { signal }),
      once(this.#process, 'exit', { signal }),
    ]);
    this.#process.send({ machine, calls });
    const [report] = await next;
    waitController.abort();
    if (report?.failure !== undefined) throw new Error(report.failure);
    if (report?.answers === undefined) throw new Error('the process of the machine ended');
    return report;
  }

  close(): void {
    this.#process?.disconnect();
    rmSync(this.#directory, { recursive: true });
  }
}
