import { join } from 'node:path';
import { NoRegistration, readConfiguration } from '../../agent/configuration.ts';
import { listIdentityFiles } from '../../agent/purge.ts';
import { AgentFileError, readAgentFile } from '../../agent/read-agent-file.ts';
import { BadIdentity } from '../../base/errors.ts';
import type { Run } from '../../run.ts';
import type { RemovalOptions } from './removal-options.ts';

/**
 * The registration of this host at the start of a run. The run later compares it with the current
 * registration, to detect whether the host has registered again.
 */
export interface RegistrationSnapshot {
  /** The systemKey in jcagent.conf; undefined when the file is missing or has no systemKey. */
  readonly systemKey: string | undefined;
  /**
   * The id of this system, which may have been removed already; undefined when the id is unknown.
   */
  readonly systemId: string | undefined;
  /**
   * The content of client.key, or the error message if the file cannot be read; undefined if the
   * file does not exist.
   */
  readonly key: string | undefined;
}

/**
 * Returns the content of client.key, or the error message if the file cannot be read; undefined if
 * the file does not exist.
 */
export function readKeyText(agentDir: string): string | undefined {
  try {
    return readAgentFile(join(agentDir, 'client.key'))?.text;
  } catch (error) {
    if (error instanceof AgentFileError) return error.message;
    throw error;
  }
}

/**
 * Returns the files of the agent's identity that a removal deletes. If this host may have
 * registered again since the run started, returns no files and warns.
 */
export function filesToPurge(
  run: Run,
  { agent_dir, system_id, purge_identity }: RemovalOptions,
  initial: RegistrationSnapshot,
): string[] {
  const files = purge_identity ? listIdentityFiles(agent_dir) : [];
  if (files.length === 0) return [];
  const reason =
    findRegistrationChange(initial, agent_dir) ?? findIdMismatch(system_id, initial.systemId);
  if (reason === undefined) return files;
  run.report.warn(`Nothing was purged: ${reason} These files stay: ${files.join(', ')}.`);
  return [];
}

/**
 * Returns the reason why the registration may be new; undefined when it has not changed since the
 * start of the run.
 */
function findRegistrationChange(
  initial: RegistrationSnapshot,
  agentDir: string,
): string | undefined {
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
  return 'client.key has changed since this run started, so the agent is registering again.';
}

function findIdMismatch(
  systemId: string | undefined,
  knownId: string | undefined,
): string | undefined {
  return systemId === undefined || systemId === knownId
    ? undefined
    : `this host has no id that matches system_id ${systemId}.`;
}
