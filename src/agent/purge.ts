import { accessSync, constants, lstatSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LocalActionFailed } from '../base/errors.ts';

/**
 * The files that make up a registration; without them a clone registers as a new system. The
 * configuration is deleted first: without it a host is not enrolled, even if other files are left.
 */
const IDENTITY_FILES = ['jcagent.conf', 'client.key', 'client.crt', 'ca.crt'];

/** Returns the paths of the agent's identity files that exist. */
export function identityFiles(agentDir: string): string[] {
  return IDENTITY_FILES.map((name) => join(agentDir, name)).filter(exists);
}

/**
 * Checks that files can be deleted in the agent's directory. They are deleted after the record, so
 * this is checked before it.
 * @throws LocalActionFailed when the directory is not writable
 */
export function requirePurgeable(agentDir: string): void {
  try {
    accessSync(agentDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new LocalActionFailed(
      [
        `The agent's identity could not be purged: ${agentDir} cannot be written (${code}). Nothing was removed.`,
        'Make it writable, or leave purge_identity out.',
      ],
      { details: { path: agentDir } },
    );
  }
}

/**
 * Deletes an identity file. Returns false when it was already gone, for instance by another run.
 * @throws LocalActionFailed when it cannot be deleted
 */
export function deleteIdentityFile(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return false;
    throw new LocalActionFailed(
      [
        `${path} could not be deleted (${code}).`,
        `Make that possible and run again, or delete what is left of ${IDENTITY_FILES.join(', ')} by hand: an image that keeps them makes every clone claim to be this system.`,
      ],
      { details: { path } },
    );
  }
}

/** Returns whether a path exists; true also for a dangling link, or if this cannot be checked. */
function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}
