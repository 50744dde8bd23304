import { join } from 'node:path';
import { NoRegistration, readConfiguration } from '../../agent/configuration.ts';
import { identityFiles } from '../../agent/purge.ts';
import { readTombstone } from '../../agent/tombstone.ts';
import { BadIdentity } from '../../errors.ts';
import type { Run } from '../../run.ts';
import type { RemovalOptions } from './removal-options.ts';

/**
 * The files of an identity that is no longer needed. What belongs, or may belong, to another
 * registration than that of `systemId` stays, with a warning.
 */
export function filesToPurge(
  run: Run,
  { agent_dir, system_id, purge_identity }: RemovalOptions,
  systemId: string | undefined,
): string[] {
  const files = purge_identity ? identityFiles(agent_dir) : [];
  if (files.length === 0) return [];
  const keep = (why: string) => {
    run.report.warn(`Nothing was purged: ${why} What is there stays: ${files.join(', ')}.`);
    return [];
  };
  let registered: string | undefined;
  try {
    registered = readConfiguration(join(agent_dir, 'jcagent.conf')).systemKey;
  } catch (error) {
    if (error instanceof BadIdentity) return keep(error.message);
    if (!(error instanceof NoRegistration)) throw error;
  }
  if (registered !== undefined && registered !== systemId) {
    return keep(`the agent has registered anew meanwhile, as system ${registered}.`);
  }
  const known = systemId ?? readTombstone(agent_dir)?.systemKey;
  if (system_id !== undefined && system_id !== known) {
    return keep(`this host tells no id to compare with system_id ${system_id}.`);
  }
  return files;
}
