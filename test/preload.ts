const WRAPPER = new URL('node-with-preload.sh', import.meta.url).pathname;

/** An environment in which an executable's Node.js loads a file first; NODE_OPTIONS it does not heed. */
export function preload(file: string): Record<string, string> {
  return { JUMPCLOUD_NODE: WRAPPER, PRELOADING_NODE: process.execPath, PRELOAD: file };
}
