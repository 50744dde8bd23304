import { join } from 'node:path';
import { NoRegistration, readConfiguration } from '../../agent/configuration.ts';
import { identityFiles } from '../../agent/purge.ts';
import { AgentFileError, readAgentFile } from '../../agent/read-agent-file.ts';
import { BadIdentity } from '../../base/errors.ts';
import type { Run } from '../../run.ts';
import type { RemovalOptions } from './removal-options.ts';

/** What tells a registration from another one. */
export interface RegistrationTraits {
  /** Undefined when there is no jcagent.conf, or none with a systemKey. */
  readonly systemKey: string | undefined;
  /** The id of this system, also of one that was removed; undefined when nothing says it. */
  readonly systemId: string | undefined;
  /** What client.key holds, or why it cannot be read. */
  readonly key: string | undefined;
}

/** Returns what client.key holds, or why it cannot be read; undefined when there is none. */
export function readKeyText(agentDir: string): string | undefined {
  try {
    return readAgentFile(join(agentDir, 'client.key'))?.text;
  } catch (error) {
    if (error instanceof AgentFileError) return error.message;
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
  initial: RegistrationTraits,
): string[] {
  const files = purge_identity ? identityFiles(agent_dir) : [];
  if (files.length === 0) return [];
  const why = changeSince(initial, agent_dir) ?? mismatch(system_id, initial.systemId);
  if (why === undefined) return files;
  run.report.warn(`Nothing was purged: ${why} These files stay: ${files.join(', ')}.`);
  return [];
}

/** Why what is there now may be a new registration; undefined when it is the one from the start. */
function changeSince(initial: RegistrationTraits, agentDir: string): string | undefined {
  let systemKey: string | undefined;
  try {
    systemKey = readConfiguration(join(agentDir, 'jcagent.conf')).systemKey;
  } catch (error) {
    if (error instanceof BadIdentity) return error.message;
    if (!(error instanceof NoRegistration)) throw error;
  }
  if (systemKey !== initial.systemKey) {
    return `the agent has registered again, or is registering (${systemKey === undefined ? 'no systemKey is' : `systemKey ${systemKey} is`} in jcagent.conf).`;
  }
  if (readKeyText(agentDir) === initial.key) return undefined;
  return 'client.key is not the key that this run began with, so the agent is registering again.';
}

function mismatch(desired: string | undefined, known: string | undefined): string | undefined {
  return desired === undefined || desired === known
    ? undefined
    : `this host has no id to compare with system_id ${desired}.`;
}
