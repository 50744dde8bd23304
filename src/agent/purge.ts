import { accessSync, constants, lstatSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LocalActionFailed } from '../base/errors.ts';

/**
 * The files of a registration, in the order of deletion. Without them, a clone registers as a new
 * system. jcagent.conf is deleted first: without it, a host is not enrolled, even if other files
 * are left.
 */
const IDENTITY_FILES = ['jcagent.conf', 'client.key', 'client.crt', 'ca.crt'];

/** Returns the paths of the agent's identity files that exist. */
export function listIdentityFiles(agentDir: string): string[] {
  return IDENTITY_FILES.map((name) => join(agentDir, name)).filter(exists);
}

/**
 * Checks that files can be deleted in the agent's directory. A removal checks this before it
 * deletes the record, because it deletes the files afterwards.
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
        'Make the directory writable, or leave purge_identity out.',
      ],
      { details: { path: agentDir } },
    );
  }
}

/**
 * Deletes an identity file. Returns false when the file was already gone, for example because
 * another run deleted it.
 * @throws LocalActionFailed when the file cannot be deleted
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
        `Correct the permissions and run again, or delete the remaining files of the identity by hand (${IDENTITY_FILES.join(', ')}). If an image keeps them, every clone claims to be this system.`,
      ],
      { details: { path } },
    );
  }
}

/**
 * Returns whether a path exists. A dangling symbolic link exists. A path that cannot be checked
 * counts as existing.
 */
function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}
