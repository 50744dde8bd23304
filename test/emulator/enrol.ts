import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeyFiles, sharedKeyFiles } from './keys.ts';
import { newRecord } from './new-record.ts';
import type { Store } from './store.ts';
import type { SystemRecord } from './types.ts';

export interface EnrolOptions {
  /** The agent's directory. The default is a new temporary directory. */
  readonly agentDir?: string;
  readonly systemId?: string;
  readonly agentServerHost?: string;
  readonly keyFormat?: 'pkcs1' | 'pkcs8';
  readonly keys?: KeyFiles;
  readonly record?: Partial<SystemRecord>;
  /** Whether the agent registers at once. If false, `EnrolledHost.writeFiles` registers it. */
  readonly write?: boolean;
  /** Whether the host was enrolled in a way that JumpCloud does not accept for System Context. */
  readonly ineligible?: boolean;
}

/** A host on which the agent has registered. */
export interface EnrolledHost {
  readonly agentDir: string;
  readonly systemId: string;
  writeFiles(): Promise<void>;
  remove(): Promise<void>;
}

/** Registers a host: adds its record to the store and writes its agent's files. */
export async function enrol(store: Store, options: EnrolOptions = {}): Promise<EnrolledHost> {
  const systemId = options.systemId ?? store.newId();
  const keys = options.keys ?? (await sharedKeyFiles());
  const agentDir = options.agentDir ?? (await mkdtemp(join(tmpdir(), 'agent-')));
  const certuuid = store.newId();
  store.addSystem(newRecord(systemId, options.record), keys.publicKey, options.ineligible);
  const writeFiles = async () => {
    await mkdir(agentDir, { recursive: true, mode: 0o700 });
    const conf = {
      agentServerHost: options.agentServerHost ?? 'agent.jumpcloud.com',
      certuuid,
      ldap_domain: 'o=example,dc=jumpcloud,dc=com',
      systemKey: systemId,
    };
    const files = {
      'client.key': keys[options.keyFormat ?? 'pkcs1'],
      'client.crt': keys.certificate,
      'ca.crt': keys.certificate,
      'version.txt': '1.147.0\n',
      'jcagent.conf': JSON.stringify(conf),
    };
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(agentDir, name), content, { mode: 0o600 });
    }
  };
  if (options.write ?? true) await writeFiles();
  return {
    agentDir,
    systemId,
    writeFiles,
    remove: () => rm(agentDir, { recursive: true, force: true }),
  };
}
