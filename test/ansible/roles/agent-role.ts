import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import type { TlsIdentity } from '../../emulator/keys.ts';
import {
  type Controller,
  makeController,
  type PlayOptions,
  type PlayRun,
} from '../../harness/ansible/controller.ts';
import { ansibleRoot } from '../../harness/ansible/installation.ts';
import { type KickstartServer, startKickstartServer } from './kickstart-server.ts';

/** A connect key in the older of two formats: 40 letters and digits. */
export const CONNECT_KEY = 'a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8i9J0';

const ROLE = {
  name: 'Enrol',
  'ansible.builtin.include_role': { name: 'systemcontext.jumpcloud.agent' },
};

interface NewHostOptions {
  readonly connectKey?: string;
  /** The seconds from the end of the kickstart until the agent is registered. */
  readonly delay?: number;
  readonly tls?: TlsIdentity;
}

/** The role `agent`, which the tests run on this machine. */
export interface AgentRole {
  readonly controller: Controller;
  readonly emulator: Emulator;
  /** The server that sends the kickstart to the newest host. */
  readonly kickstart: KickstartServer;
  /** The agent directory of the newest host, as Ansible sees it. */
  readonly agentDir: string;
  /**
   * The directories on the controller and the host that Ansible and the role use for temporary
   * files.
   */
  readonly temporary: readonly string[];
  /** Replaces the host with a new one that has no agent, and starts a kickstart server for it. */
  newHost(options?: NewHostOptions): Promise<void>;
  play(variables?: object, options?: PlayOptions): Promise<PlayRun>;
  close(): Promise<void>;
}

/** Prepares the role on this machine. A test calls `newHost` before `play`. */
export async function startAgentRole(): Promise<AgentRole> {
  const [controller, emulator] = await Promise.all([makeController(), startEmulator()]);
  const outerDirectory = `${ansibleRoot}${controller.directory}`;
  const temporary = ['tmp', 'local', 'remote'].map((name) => join(outerDirectory, name));
  let kickstart: KickstartServer | undefined;
  let agentDir = '';

  return {
    controller,
    emulator,
    get kickstart() {
      if (kickstart === undefined) throw new Error('newHost has not been called yet');
      return kickstart;
    },
    get agentDir() {
      return agentDir;
    },
    temporary,
    async newHost(options = {}) {
      await kickstart?.close();
      for (const path of temporary) await rm(path, { recursive: true, force: true });
      await mkdir(join(outerDirectory, 'tmp'));
      const directory = (await mkdtemp(join(outerDirectory, 'opt-'))).slice(ansibleRoot.length);
      agentDir = join(directory, 'jc');
      kickstart = await startKickstartServer({
        emulator,
        agentDir,
        connectKey: CONNECT_KEY,
        ...options,
      });
      emulator.clearRequests();
    },
    async play(variables = {}, { flags = [], env = {}, play = {} } = {}) {
      const vars = {
        jumpcloud_agent_connect_key: CONNECT_KEY,
        jumpcloud_agent_kickstart_url: kickstart?.url,
        jumpcloud_agent_registration_timeout: 20,
        // The platform check is tested elsewhere. It would refuse Debian 13, which the role does
        // not list.
        jumpcloud_agent_skip_platform_check: true,
        ...variables,
      };
      const file = await controller.put('agent-vars.yml', stringify(vars));
      const common = { agent_dir: agentDir, api_url: emulator.url };
      return controller.play([ROLE], {
        flags: ['-e', `@${file}`, ...flags],
        env: { TMPDIR: join(controller.directory, 'tmp'), ...env },
        play: { module_defaults: { 'group/systemcontext.jumpcloud.all': common }, ...play },
      });
    },
    async close() {
      await kickstart?.close();
      await emulator.close();
      await controller.remove();
    },
  };
}
