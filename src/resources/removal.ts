import { NoRegistration } from '../agent/configuration.ts';
import { AlreadyRemoved, type Identity } from '../agent/identity.ts';
import { identityFiles, purge } from '../agent/purge.ts';
import { identify } from '../agent/registration.ts';
import { findStopCommand, STOP_TIMEOUT_MS, stopAgent } from '../agent/service.ts';
import { endRemoval } from '../agent/tombstone.ts';
import { Interrupted, InvalidArguments } from '../errors.ts';
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
  const identity = await identityToRemove(options, run);
  const removed = identity === undefined ? [] : await remove(identity, options, run);
  const files = options.purge_identity ? identityFiles(options.agent_dir) : [];
  const purged: string[] = [];
  if (!run.check) {
    purge(files, (path) => {
      purged.push(path);
      run.soFar = { changed: true, removed, purged };
    });
  }
  return outcome(removed, files);
}

/** Undefined when there is nothing to remove any more. */
async function identityToRemove(options: RemovalOptions, run: Run): Promise<Identity | undefined> {
  try {
    const identity = await identify(options.agent_dir, options.registration_timeout, run);
    requireSystem(options.system_id, identity.systemId);
    return identity;
  } catch (error) {
    if (error instanceof NoRegistration) return undefined;
    if (!(error instanceof AlreadyRemoved)) throw error;
    const systemId = String(error.details['system_id']);
    requireSystem(options.system_id, systemId);
    run.systemId = systemId;
    // A run that was killed behind the tombstone left it.
    if (!run.check) endRemoval(options.agent_dir);
    return undefined;
  }
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
      ? await removeSystem(session, run, stop)
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
