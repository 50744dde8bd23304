import { join } from 'node:path';
import { NoRegistration, readConfiguration } from '../../agent/configuration.ts';
import { identityFiles } from '../../agent/purge.ts';
import { readFile, Unreadable } from '../../agent/read-file.ts';
import { readTombstone } from '../../agent/tombstone.ts';
import { BadIdentity } from '../../errors.ts';
import type { Run } from '../../run.ts';
import type { RemovalOptions } from './removal-options.ts';

/** What tells a registration from another one. */
export interface RegistrationTraits {
  /** Undefined when there is no jcagent.conf, or none with a systemKey. */
  readonly systemKey: string | undefined;
  /** What client.key holds, or why it cannot be read. */
  readonly key: string | undefined;
}

/** Returns what client.key holds, or why it cannot be read; undefined when there is none. */
export function keyIn(agentDir: string): string | undefined {
  try {
    return readFile(join(agentDir, 'client.key'))?.text;
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
    throw error;
  }
}

/**
 * Returns the files of an identity that is no longer needed. What belongs, or may belong, to another
 * registration than the one the run began with stays, with a warning.
 */
export function filesToPurge(
  run: Run,
  { agent_dir, system_id, purge_identity }: RemovalOptions,
  began: RegistrationTraits,
): string[] {
  const files = purge_identity ? identityFiles(agent_dir) : [];
  if (files.length === 0) return [];
  const why =
    changeSince(began, agent_dir) ??
    mismatch(system_id, began.systemKey ?? readTombstone(agent_dir)?.systemKey);
  if (why === undefined) return files;
  run.report.warn(`Nothing was purged: ${why} These files stay: ${files.join(', ')}.`);
  return [];
}

/** Why what is there now may be a new registration; undefined when it is the one from the start. */
function changeSince(began: RegistrationTraits, agentDir: string): string | undefined {
  let systemKey: string | undefined;
  try {
    systemKey = readConfiguration(join(agentDir, 'jcagent.conf')).systemKey;
  } catch (error) {
    if (error instanceof BadIdentity) return error.message;
    if (!(error instanceof NoRegistration)) throw error;
  }
  if (systemKey !== began.systemKey) {
    return `the agent has registered again, or is registering (${systemKey === undefined ? 'no systemKey is' : `systemKey ${systemKey} is`} in jcagent.conf).`;
  }
  if (keyIn(agentDir) === began.key) return undefined;
  return 'client.key is not the key that this run began with, so the agent is registering again.';
}

function mismatch(wanted: string | undefined, known: string | undefined): string | undefined {
  return wanted === undefined || wanted === known
    ? undefined
    : `this host has no id to compare with system_id ${wanted}.`;
}
