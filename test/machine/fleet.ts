import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, type EnrolledHost, startEmulator } from '../emulator/emulator.ts';
import { issueServerCertificate, makeCa, makeKeyFiles } from '../emulator/keys.ts';
import type { LoggedRequest } from '../emulator/types.ts';
import type { Machine } from './machine.ts';
import { type ImageOptions, makeMachineImage } from './machine-image.ts';

/** An address where no server listens. */
export const UNREACHABLE_ADDRESS = '127.0.0.9';

/**
 * A machine, the enrolled host that it becomes when its agent registers, and its requests to
 * JumpCloud.
 */
export interface Member<M extends Machine = Machine> {
  readonly machine: M;
  readonly host: EnrolledHost;
  /** Summarizes the requests since the previous call of `requestSummary`: `GET 5, PUT 1`. */
  requestSummary(): string;
  /** Returns the successful writes since the last `requestSummary`, as method and path. */
  writes(): string[];
  /** Returns whether a PUT request has arrived since the last `requestSummary`, answered or not. */
  hasSentPut(): boolean;
}

/**
 * Makes a machine. Its disk is a copy of `from`, which is the image or the disk of another machine
 * made from the image.
 */
export type CopyMachine<M extends Machine> = (image: string, from?: string) => Promise<M>;

/** An emulated JumpCloud at its real name and port, and machines that are copies of one image. */
export class Fleet<M extends Machine> {
  readonly emulator: Emulator;
  readonly image: string;
  /** The default content of host.json on a machine. */
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
    const tls = await issueServerCertificate(ca, { names: 'DNS:console.jumpcloud.com' });
    const emulator = await startEmulator({ port: 443, tls });
    try {
      return new Fleet(emulator, await makeMachineImage(ca.cert, options), copy);
    } catch (error) {
      await emulator.close();
      throw error;
    }
  }

  /**
   * Adds a machine that is switched off. `document` replaces sections of the default host.json. If
   * it is null, the machine keeps the host.json of the image.
   */
  async add({
    document = {} as Readonly<Record<string, unknown>> | null,
    from = this.image,
    agentDelay = 0,
  } = {}): Promise<Member<M>> {
    const machine = await this.#copy(this.image, from);
    this.#machines.push(machine);
    const agentDir = join(machine.directory, 'var/lib/connect');
    await mkdir(agentDir, { recursive: true });
    const host = await this.emulator.enrol({ agentDir, keys: await makeKeyFiles() });
    if (document !== null) {
      const text = JSON.stringify({ ...this.document, ...document });
      await machine.write('etc/jumpcloud/host.json', text);
    }
    await machine.write('etc/agent-delay', String(agentDelay));
    await machine.resolveTo(machine.loopback);
    let reported = 0;
    const newRequests = () =>
      this.emulator.requests.filter(({ systemId }) => systemId === host.systemId).slice(reported);
    return {
      machine,
      host,
      requestSummary: () => {
        const requests = newRequests();
        reported += requests.length;
        return summarize(requests);
      },
      hasSentPut: () => newRequests().some(({ method }) => method === 'PUT'),
      writes: () =>
        newRequests()
          .filter(({ method, status }) => method !== 'GET' && status >= 200 && status < 300)
          .map(({ method, url }) => `${method} ${url.replace(host.systemId, 'ID')}`),
    };
  }

  /** Summarizes the requests of all machines: `GET 5, PUT 1`. */
  requestSummary(): string {
    return summarize(this.emulator.requests);
  }

  /** Stops the emulator and removes the image and all machines. */
  async end(): Promise<void> {
    for (const machine of this.#machines) await machine.remove();
    await this.emulator.close();
    await rm(this.image, { recursive: true, force: true });
  }
}

function summarize(requests: readonly LoggedRequest[]): string {
  const counts = new Map<string, number>();
  for (const { method, status } of requests) {
    const name = status >= 200 && status < 300 ? method : `${method} (${status})`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
}
