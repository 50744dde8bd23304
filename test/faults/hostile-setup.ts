import { type Emulator, type EnrolledHost, startEmulator } from '../emulator/emulator.ts';
import type { FaultRule } from '../emulator/faults.ts';
import type { LoggedRequest } from '../emulator/types.ts';
import {
  type Answer,
  HOST_MODULE_NAMES,
  type ModuleName,
  runModule,
} from '../harness/executable.ts';
import { fullOptions } from '../harness/sample-calls.ts';

/** The kinds of reads. Each name is the end of a URL path. */
export type ReadKind = 'record' | 'memberof' | 'associations' | 'users';

/** An emulator, a host with existing edges, and options for each module. */
export interface HostileSetup {
  readonly host: EnrolledHost;
  readonly emulator: Emulator;
  /** The system group and the user that the host is associated with. */
  readonly group: string;
  readonly user: string;
  /** Runs a module with options that require a write, and with extra options. */
  run(module: ModuleName, options?: Record<string, unknown>): Promise<Answer>;
  /** Returns the options that `run` passes to a module. */
  options(module: ModuleName): Record<string, unknown>;
  /** Injects a fault into the requests with a method, or into the reads of a kind. */
  fault(target: ReadKind | 'PUT' | 'POST' | 'DELETE', rule: FaultRule): void;
  requests(): LoggedRequest[];
  /** Returns the requests that may have changed something. */
  writes(): LoggedRequest[];
  close(): Promise<void>;
}

/** Starts an emulator and enrols a host. */
export async function startHostileSetup(): Promise<HostileSetup> {
  const emulator = await startEmulator();
  const { store } = emulator;
  const host = await emulator.enrol({
    record: { description: 'before', attributes: [{ name: 'owner', value: 'db' }] },
  });
  const { systemId, agentDir } = host;
  const group = store.addGroup();
  const user = store.addUser();
  store.join(systemId, group);
  store.associate(systemId, 'user', user, { sudo: { enabled: true, withoutPassword: false } });
  /** Options that make a module use every field that it reads. */
  const fieldOptions: Partial<Record<ModuleName, Record<string, unknown>>> = {
    jumpcloud_system: {
      description: '',
      allow_ssh_root_login: true,
      primary_user: user,
      attributes: { env: 'prod' },
    },
    jumpcloud_group_membership: { exclusive: true },
    jumpcloud_user_binding: { exclusive: true },
  };
  const optionsOf = new Map(
    HOST_MODULE_NAMES.map((name) => [
      name,
      { ...fullOptions(name, (type) => store.addNamed(type, type)), ...fieldOptions[name] },
    ]),
  );
  const options = (module: ModuleName) => ({
    agent_dir: agentDir,
    api_url: emulator.url,
    timeout: 15,
    ...optionsOf.get(module),
  });
  return {
    host,
    emulator,
    group,
    user,
    options,
    async run(module, extraOptions = {}) {
      return (await runModule(module, { ...options(module), ...extraOptions })).answer;
    },
    fault(target, rule) {
      emulator.faults.add({
        ...rule,
        when: ({ method, url }) =>
          method === target ||
          (method === 'GET' && READ_PATHS[target as ReadKind]?.test(url) === true),
      });
    },
    requests: () => emulator.requests,
    writes: () => emulator.requests.filter(({ method }) => method !== 'GET'),
    async close() {
      await emulator.close();
      await host.remove();
    },
  };
}

const READ_PATHS: Readonly<Record<ReadKind, RegExp>> = {
  record: /^\/api\/systems\//,
  memberof: /\/memberof\?/,
  associations: /\/associations\?/,
  users: /\/users\?/,
};

/** The module that makes each kind of read. */
export const READING_MODULES = {
  record: 'jumpcloud_system',
  memberof: 'jumpcloud_group_membership',
  associations: 'jumpcloud_user_binding',
  users: 'jumpcloud_system_info',
} as const satisfies Record<ReadKind, ModuleName>;
