import { join } from 'node:path';
import { readStateFile } from './read-agent-file.ts';
import { removeFile, removeTemporaryFiles, replaceFile } from './write-file-atomic.ts';

/**
 * The content of the marker file. The file shows that a run has sent, or was about to send, the
 * DELETE of this host's record, and that no answer has refused it. JumpCloud answers 401 once the
 * record is gone, but also when the clock is wrong. After a crash, only the marker shows the next
 * run that the record may be gone.
 *
 * A marker counts only for the identity and the base URL that it names. JumpCloud accepted this
 * identity at this URL before the DELETE.
 */
export interface Marker {
  readonly system_key: string;
  readonly api_url: string;
  /** The fingerprint of the key that signed the DELETE. */
  readonly key: string;
}

/**
 * Returns whether the agent's directory contains this marker. A marker file without a key matches
 * any key.
 */
export function hasMarker(agentDir: string, marker: Marker): boolean {
  const { system_key, api_url, key = marker.key } = readStateFile(markerPath(agentDir));
  return system_key === marker.system_key && api_url === marker.api_url && key === marker.key;
}

/** Writes the marker file. Throws the errors of the file system. */
export function writeMarker(agentDir: string, marker: Marker): void {
  replaceFile(markerPath(agentDir), `${JSON.stringify(marker)}\n`);
}

/**
 * Removes the marker file, and temporary files that killed runs have left. Returns whether the
 * marker file is gone.
 */
export function removeMarker(agentDir: string): boolean {
  const path = markerPath(agentDir);
  try {
    removeTemporaryFiles(path);
  } catch {
    // The directory cannot be read.
  }
  return removeFile(path);
}

function markerPath(agentDir: string): string {
  return join(agentDir, '.removing-from-jumpcloud');
}
