import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { type Emulator, type EnrolledHost, startEmulator } from '../../emulator/emulator.ts';
import type { EnrolOptions } from '../../emulator/enrol.ts';
import type { LoggedRequest } from '../../emulator/types.ts';
import {
  type Answer,
  type CallOptions,
  type RunResult,
  runModule,
} from '../../harness/executable.ts';

/** The four files that make up a registration. */
export const IDENTITY_FILES = ['ca.crt', 'client.crt', 'client.key', 'jcagent.conf'];
export const TOMBSTONE = '.removed-from-jumpcloud';
export const MARKER = '.removing-from-jumpcloud';

/** A host with its own emulator, so that tests can remove hosts in parallel. */
export class Stage {
  readonly emulator: Emulator;
  readonly host: EnrolledHost;

  constructor(emulator: Emulator, host: EnrolledHost) {
    this.emulator = emulator;
    this.host = host;
  }

  /** Runs jumpcloud_removal. */
  run(options: Record<string, unknown> = {}, call: CallOptions = {}): Promise<RunResult> {
    return runModule('jumpcloud_removal', this.options(options), call);
  }

  /** Runs jumpcloud_removal and returns its answer. Throws if it failed. */
  async succeed(options: Record<string, unknown> = {}, call: CallOptions = {}): Promise<Answer> {
    const { answer, exitCode, stderr } = await this.run(options, call);
    if (answer.failed || exitCode !== 0 || stderr !== '') {
      throw new Error(`expected success, got ${exitCode}: ${answer.msg}\n${stderr}`);
    }
    return answer;
  }

  options(options: Record<string, unknown> = {}): Record<string, unknown> {
    return { agent_dir: this.host.agentDir, api_url: this.emulator.url, ...options };
  }

  path(name: string): string {
    return join(this.host.agentDir, name);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  files(): string[] {
    return readdirSync(this.host.agentDir).sort();
  }

  /** Waits until a request has met the injected fault. */
  async waitForFault(): Promise<void> {
    const { injected } = this.emulator.faults;
    const expectInjected = () => expect(Object.keys(injected)).toHaveLength(1);
    await vi.waitFor(expectInjected, { timeout: 20_000 });
  }

  hasRecord(): boolean {
    return this.emulator.store.systems.has(this.host.systemId);
  }

  /** Returns the requests since the last call, as `METHOD status`. */
  sent(): string[] {
    const sent = this.emulator.requests.map(
      ({ method, status }: LoggedRequest) => `${method} ${status}`,
    );
    this.emulator.clearRequests();
    return sent;
  }
}

/**
 * Returns functions that create stages and directories. The stages and directories are removed
 * after the tests of a file.
 */
export function setUpStages(): {
  enrol: (desired?: EnrolOptions) => Promise<Stage>;
  directory: () => string;
} {
  const opened: Stage[] = [];
  let parent: string;
  beforeAll(() => {
    parent = mkdtempSync(join(tmpdir(), 'removal-'));
  });
  afterAll(async () => {
    for (const { emulator, host } of opened) {
      await emulator.close();
      await host.remove();
    }
    rmSync(parent, { recursive: true });
  });
  return {
    enrol: async (desired) => {
      const emulator = await startEmulator();
      const stage = new Stage(emulator, await emulator.enrol(desired));
      opened.push(stage);
      return stage;
    },
    directory: () => mkdtempSync(join(parent, 'a-')),
  };
}

/** Writes a shell script with the given lines into a directory. */
export function writeProgram(directory: string, name: string, lines: string): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}
