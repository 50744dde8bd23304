import { fileURLToPath } from 'node:url';

/** The directory of package.json as an absolute path, without a trailing slash. */
export const projectDirectory = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
