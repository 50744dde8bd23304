import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NEWEST_TUNED_NODE } from '../../src/transport/connect/v8-flags.ts';
import { projectDirectory } from './project-directory.ts';
import { requiredNode } from './required-node.ts';

/** The last line of an executable. Without it the file is incomplete, and the header refuses to run it. */
export const END_LINE = '//end\n';

/**
 * What stands before the bundle: `scripts/header.sh` with the Node.js versions filled in. Every host
 * is sent it with every task, so below the first paragraph comments and indentation are left out.
 */
export async function executableHeader(): Promise<string> {
  const template = await readFile(join(projectDirectory, 'scripts/header.sh'), 'utf8');
  const end = template.indexOf('\n\n');
  const code = template.slice(end).replaceAll(/^\s*(#.*)?\n|^\s+| +# .*$/gm, '');
  return `${template.slice(0, end)}\n${code}`
    .replaceAll('@required_node@', requiredNode)
    .replaceAll('@newest_tuned_node@', String(NEWEST_TUNED_NODE))
    .replaceAll('@end@', JSON.stringify(END_LINE).slice(1, -1));
}
