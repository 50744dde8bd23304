import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NEWEST_TUNED_NODE } from '../../src/transport/connect/v8-flags.ts';
import { projectDirectory } from './project-directory.ts';
import { requiredNode } from './required-node.ts';

/**
 * The last line of an executable. The header refuses to run an incomplete file, which lacks this
 * line.
 */
export const LAST_LINE = '//end\n';

/**
 * Returns the shell header of an executable: `scripts/header.sh` with the Node.js versions filled
 * in. Removes comments and indentation after the first paragraph, because every task sends the
 * header to every host.
 */
export async function executableHeader(): Promise<string> {
  const template = await readFile(join(projectDirectory, 'scripts/header.sh'), 'utf8');
  const end = template.indexOf('\n\n');
  const code = template.slice(end).replaceAll(/^\s*(#.*)?\n|^\s+| +# .*$/gm, '');
  return `${template.slice(0, end)}\n${code}`
    .replaceAll('@required_node@', requiredNode)
    .replaceAll('@newest_tuned_node@', String(NEWEST_TUNED_NODE))
    .replaceAll('@end@', JSON.stringify(LAST_LINE).slice(1, -1));
}
