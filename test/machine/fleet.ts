import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, type EnrolledHost, startEmulator } from '../emulator/emulator.ts';
import { issue, makeCa, makeKeyFiles } from '../emulator/keys.ts';
import type { LoggedRequest } from '../emulator/types.ts';
import type { Machine } from './machine.ts';
import { type ImageOptions, machineImage } from './machine-image.ts';

/** Where nothing listens. */
export const NOWHERE = '127.0.0.9';

/** A machine, the registration that its agent takes up, and what it has asked of JumpCloud. */
export interface Member<M extends Machine = Machine> {
  readonly machine: M;
  readonly host: EnrolledHost;
  /** In words for the table: `GET 5, PUT 1`. Forgets what it has told. */
  asked(): string;
  /** What it was answered with 2xx and was no reading: method and path, since the last `asked`. */
  written(): string[];
  /** Whether it has asked for its settings to be written, be there an answer yet or not. */
  putSeen(): boolean;
}

/** Makes a machine with the disk of an image or of another machine of it. */
export type CopyMachine<M extends Machine> = (image: string, from?: string) => Promise<M>;

/** JumpCloud at its own name and port, and machines of one image. */
export class Fleet<M extends Machine> {
  readonly emulator: Emulator;
  readonly image: string;
  /** The document that describes every machine. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly #copy: CopyMachine<M>;
  readonly #machines: M[] = [];

  private constructor(emulator: Emulator, image: string, copy: CopyMachine<M>) {
    this.emulator = emulator;
    this.image = image;
    this.#copy = copy;
    const { store } = emulator;
    this.document = {
      system: { display_name: 'web-1', attributes: { role: 'web' } },
      groups: [store.addGroup()],
      users: [{ id: store.addUser(), sudo: true }],
      user_groups: [store.addUserGroup()],
      policies: [store.add('policy')],
      policy_groups: [store.add('policy_group')],
      commands: [store.add('command')],
      registration_timeout: 60,
    };
  }

  static async start<M extends Machine>(
    copy: CopyMachine<M>,
    options: ImageOptions = {},
  ): Promise<Fleet<M>> {
    const ca = await makeCa();
    const tls = await issue(ca, { names: 'DNS:console.jumpcloud.com' });
    const emulator = await startEmulator({ port: 443, tls });
    try {
      return new Fleet(emulator, await machineImage(ca.cert, options), copy);
    } catch (error) {
      await emulator.close();
      throw error;
    }
  }

  /** A new machine, switched off; `document` replaces parts of what describes it. */
  async add({ document = {}, from = this.image, agentDelay = 0 } = {}): Promise<Member<M>> {
    const machine = await this.#copy(this.image, from);
    this.#machines.push(machine);
    const agentDir = join(machine.directory, 'var/lib/connect');
    await mkdir(agentDir, { recursive: true });
    const host = await this.emulator.enrol({ agentDir, keys: await makeKeyFiles() });
    await machine.write(
      'etc/jumpcloud/host.json',
      JSON.stringify({ ...this.document, ...document }),
    );
    await machine.write('etc/agent-delay', String(agentDelay));
    await machine.resolveTo(machine.loopback);
    let told = 0;
    const own = () =>
      this.emulator.requests.filter(({ systemId }) => systemId === host.systemId).slice(told);
    return {
      machine,
      host,
      asked: () => {
        const requests = own();
        told += requests.length;
        return inWords(requests);
      },
      putSeen: () => own().some(({ method }) => method === 'PUT'),
      written: () =>
        own()
          .filter(({ method, status }) => method !== 'GET' && status >= 200 && status < 300)
          .map(({ method, url }) => `${method} ${url.replace(host.systemId, 'ID')}`),
    };
  }

  /** What all machines have asked of JumpCloud, in words. */
  asked(): string {
    return inWords(this.emulator.requests);
  }

  /** Removes what `start` and `add` have made. */
  async end(): Promise<void> {
    for (const machine of this.#machines) await machine.remove();
    await this.emulator.close();
    await rm(this.image, { recursive: true, force: true });
  }
}

function inWords(requests: readonly LoggedRequest[]): string {
  const counts = new Map<string, number>();
  for (const { method, status } of requests) {
    const name = status >= 200 && status < 300 ? method : `${method} (${status})`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
}
