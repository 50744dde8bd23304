import { join } from 'node:path';
import { readStateFile } from './read-agent-file.ts';
import { removeFile, removeTemporaries, replaceFile } from './write-file-atomic.ts';

/**
 * Says that a run has sent, or was about to send, the DELETE of this host's record, and that no
 * answer has refused it. Once the record is gone JumpCloud answers 401, as it does to a wrong clock:
 * only the marker tells the run after a crash that the 401 is the work of the one before.
 *
 * It counts for the identity that JumpCloud accepted at the base URL where it did, and for no other.
 */
export interface Marker {
  readonly system_key: string;
  readonly api_url: string;
  /** The fingerprint of the key that signed. */
  readonly key: string;
}

/** Whether such a marker is in the agent's directory; one that names no key counts for any. */
export function hasMarker(agentDir: string, marker: Marker): boolean {
  const { system_key, api_url, key = marker.key } = readStateFile(markerPath(agentDir));
  return system_key === marker.system_key && api_url === marker.api_url && key === marker.key;
}

/** Leaves a marker. Throws what the file system throws. */
export function writeMarker(agentDir: string, marker: Marker): void {
  replaceFile(markerPath(agentDir), `${JSON.stringify(marker)}\n`);
}

/** Removes the marker, and what killed runs have left of it. Returns whether it is gone. */
export function removeMarker(agentDir: string): boolean {
  const path = markerPath(agentDir);
  try {
    removeTemporaries(path);
  } catch {
    // The directory cannot be read.
  }
  return removeFile(path);
}

function markerPath(agentDir: string): string {
  return join(agentDir, '.removing-from-jumpcloud');
}
