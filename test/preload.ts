const WRAPPER = new URL('node-with-preload.sh', import.meta.url).pathname;

/**
 * Returns environment variables that make an executable load a file first. NODE_OPTIONS would have
 * no effect, because executables ignore it.
 */
export function preload(file: string): Record<string, string> {
  return { JUMPCLOUD_NODE: WRAPPER, PRELOADING_NODE: process.execPath, PRELOAD: file };
}
