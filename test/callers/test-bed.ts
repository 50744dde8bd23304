import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Emulator } from '../emulator/emulator.ts';
import { type Controller, makeController } from '../harness/ansible/controller.ts';
import { type SshServer, startSshServer } from '../harness/ansible/ssh-server.ts';
import { closeConnections } from '../harness/ansible/ssh-variables.ts';

/** Resources that callers share. Each is created at its first use, and closed at the end. */
export class TestBed {
  readonly emulator: Emulator;
  readonly #closing: (() => Promise<void>)[] = [];
  #controller: Promise<Controller> | undefined;
  #sshServer: Promise<SshServer> | undefined;
  #directory: Promise<string> | undefined;

  constructor(emulator: Emulator) {
    this.emulator = emulator;
  }

  /** Returns an Ansible controller with the built collection. */
  controller(): Promise<Controller> {
    this.#controller ??= this.#make(makeController, async (controller) => {
      await closeConnections(controller);
      await controller.remove();
    });
    return this.#controller;
  }

  /** Returns an SSH server for the user who runs the tests. */
  sshServer(): Promise<SshServer> {
    this.#sshServer ??= this.#make(
      () => startSshServer(),
      (server) => server.close(),
    );
    return this.#sshServer;
  }

  /** Returns a new SSH server for a user who is not root, but can become root with sudo. */
  sudoServer(): Promise<SshServer> {
    return this.#make(
      () => startSshServer({ sudo: true }),
      (server) => server.close(),
    );
  }

  /** Writes a file that only its owner can read, and returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = await this.path(name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }

  /** Returns the path of a file in the temporary directory of the test bed. */
  async path(name: string): Promise<string> {
    this.#directory ??= this.#make(
      () => mkdtemp(join(tmpdir(), 'callers-')),
      (directory) => rm(directory, { recursive: true }),
    );
    return join(await this.#directory, name);
  }

  async close(): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
  }

  async #make<T>(make: () => Promise<T>, close: (made: T) => Promise<void>): Promise<T> {
    const made = await make();
    this.#closing.push(() => close(made));
    return made;
  }
}
