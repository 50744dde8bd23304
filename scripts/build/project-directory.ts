import { fileURLToPath } from 'node:url';

/** The folder of package.json, absolute, without a trailing slash. */
export const projectDirectory = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
