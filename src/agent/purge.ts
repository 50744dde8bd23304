import { accessSync, constants, lstatSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LocalActionFailed } from '../errors.ts';

/**
 * The files that make up a registration; without them a clone registers anew. The configuration
 * goes first: a host without it is not enrolled, whatever else is left of the four.
 */
const IDENTITY_FILES = ['jcagent.conf', 'client.key', 'client.crt', 'ca.crt'];

/** The paths of those of the agent's identity files that exist. */
export function identityFiles(agentDir: string): string[] {
  return IDENTITY_FILES.map((name) => join(agentDir, name)).filter(exists);
}

/**
 * Requires that files can be deleted in the agent's directory. The record goes before them, so what
 * can be known before is.
 * @throws LocalActionFailed when the directory cannot be written
 */
export function requirePurgeable(agentDir: string): void {
  try {
    accessSync(agentDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new LocalActionFailed(
      `The agent's identity could not be purged: ${agentDir} cannot be written (${code}). Nothing was removed. Make it writable, or leave purge_identity out.`,
      { details: { path: agentDir } },
    );
  }
}

/**
 * Deletes files, telling of each that this run has deleted: another one may do the same.
 * @throws LocalActionFailed when one cannot be deleted; those before it are gone
 */
export function purge(files: readonly string[], onPurged: (path: string) => void): void {
  for (const path of files) {
    try {
      unlinkSync(path);
      onPurged(path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT') continue;
      throw new LocalActionFailed(
        `${path} could not be deleted (${code}). Make that possible and run again, or delete what is left of ${IDENTITY_FILES.join(', ')} by hand: an image that keeps them makes every clone claim to be this system.`,
        { details: { path } },
      );
    }
  }
}

/** A dangling link exists, too, and what cannot be looked at may. */
function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}
