import { join } from 'node:path';
import { NoRegistration, readConfiguration } from '../agent/configuration.ts';
import { AlreadyRemoved, type Identity } from '../agent/identity.ts';
import { identityFiles, purge } from '../agent/purge.ts';
import { identify } from '../agent/registration.ts';
import { findStopCommand, STOP_TIMEOUT_MS, stopAgent } from '../agent/service.ts';
import { endRemoval, readTombstone } from '../agent/tombstone.ts';
import { BadIdentity, Interrupted, InvalidArguments } from '../errors.ts';
import type { Outcome, Run } from '../run.ts';
import { connect } from '../transport/connect.ts';
import type { RemovalOptions } from './removal-options.ts';
import { removeAssociations } from './remove-associations.ts';
import { removeSystem } from './remove-system.ts';
import type { Removed } from './removed.ts';

/**
 * Takes this host out of JumpCloud, or out of all its associations. A host that is not
 * registered, or was removed already, is left as it is but for the files that were asked to go.
 */
export async function removal(options: RemovalOptions, run: Run): Promise<Outcome> {
  const found = await find(options, run);
  const removed = found.identity === undefined ? [] : await remove(found.identity, options, run);
  const files = filesToPurge(options, found.systemId, run);
  if (run.check) return outcome(removed, files);
  const purged: string[] = [];
  purge(files, (path) => {
    purged.push(path);
    run.soFar = { changed: true, removed, purged };
  });
  return outcome(removed, purged);
}

/** What this host is registered as: with an identity when there is something to remove still. */
interface Found {
  readonly identity?: Identity;
  /** Undefined when it is not registered. */
  readonly systemId?: string;
}

async function find(options: RemovalOptions, run: Run): Promise<Found> {
  try {
    const identity = await identify(options.agent_dir, options.registration_timeout, run);
    requireSystem(options.system_id, identity.systemId);
    return { identity, systemId: identity.systemId };
  } catch (error) {
    if (error instanceof NoRegistration) return {};
    if (!(error instanceof AlreadyRemoved)) throw error;
    const systemId = String(error.details['system_id']);
    requireSystem(options.system_id, systemId);
    run.systemId = systemId;
    // A run that was killed behind the tombstone left it.
    if (!run.check) endRemoval(options.agent_dir);
    return { systemId };
  }
}

/**
 * The files of the identity that is no longer needed. What belongs, or may belong, to another
 * registration stays, with a warning.
 */
function filesToPurge(
  { agent_dir, system_id, purge_identity }: RemovalOptions,
  systemId: string | undefined,
  run: Run,
): string[] {
  const files = purge_identity ? identityFiles(agent_dir) : [];
  if (files.length === 0) return [];
  const keep = (why: string) => {
    run.warnings.push(`Nothing was purged: ${why} What is there stays: ${files.join(', ')}.`);
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

async function remove(
  identity: Identity,
  options: RemovalOptions,
  run: Run,
): Promise<readonly Removed[]> {
  const command = options.stop_agent ? findStopCommand(process.env['PATH'] ?? '') : undefined;
  let stopped = false;
  const stop = async () => {
    if (command === undefined) return;
    const over = run.waiting('for the agent to stop', STOP_TIMEOUT_MS);
    try {
      await stopAgent(command, run.signal);
      stopped = true;
    } catch (error) {
      stopped = error instanceof Interrupted;
      throw error;
    } finally {
      over();
    }
  };
  const session = await connect(identity, options, run);
  try {
    return options.scope === 'system'
      ? await removeSystem(session, run, { ...options, stop })
      : await removeAssociations(session, run, stop);
  } catch (error) {
    if (stopped) {
      run.warnings.push(
        'The agent was told to stop before that; start jcagent again unless you run again.',
      );
    }
    throw error;
  } finally {
    session.close();
  }
}

function requireSystem(wanted: string | undefined, actual: string): void {
  if (wanted === undefined || wanted === actual) return;
  throw new InvalidArguments([
    {
      option: 'system_id',
      message: `this host is system ${actual}, not ${wanted}; nothing was removed`,
    },
  ]);
}

function outcome(removed: readonly Removed[], purged: readonly string[]): Outcome {
  const parts = [
    ...(removed.length > 0 ? [`Removed ${describe(removed)}`] : []),
    ...(purged.length > 0 ? [`Purged ${purged.length} files of the agent's identity`] : []),
  ];
  return {
    changed: parts.length > 0,
    msg: parts.length > 0 ? `${parts.join('. ')}.` : 'Nothing to remove.',
    diff: {
      before: { present: removed, identity_files: purged },
      after: { present: [], identity_files: [] },
    },
    fields: { removed, purged },
  };
}

function describe(removed: readonly Removed[]): string {
  const [first] = removed;
  return removed.length === 1 && first?.type === 'system'
    ? `system ${first.id} from JumpCloud`
    : `${removed.length} associations`;
}
