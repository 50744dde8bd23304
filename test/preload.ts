const WRAPPER = new URL('node-with-preload.sh', import.meta.url).pathname;

/** Returns an environment that makes an executable load a file first; it ignores NODE_OPTIONS. */
export function preload(file: string): Record<string, string> {
  return { JUMPCLOUD_NODE: WRAPPER, PRELOADING_NODE: process.execPath, PRELOAD: file };
}
