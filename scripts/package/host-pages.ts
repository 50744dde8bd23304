import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDirectory } from '../build/project-directory.ts';
import type { PackageFile } from './package-file.ts';

/** The pages of `docs/` that help on a host when something fails. */
const PAGES = ['errors.md', 'systemd.md', 'troubleshooting.md'];

/**
 * Returns the pages that help on a host when something fails, as files in the directory `target`.
 */
export async function hostPages(target: string): Promise<PackageFile[]> {
  return Promise.all(
    PAGES.map(async (page) => ({
      path: `${target}/${page}`,
      content: toHostPage(await readFile(join(projectDirectory, 'docs', page), 'utf8')),
    })),
  );
}

/** Removes pictures. Replaces a link with its text if the linked page is not on the host. */
function toHostPage(page: string): string {
  return page
    .replace(/^!\[.*\n\n/gm, '')
    .replace(/\[([^\]]*)\]\(([^)#]*)[^)]*\)/g, (link, text: string, target: string) =>
      target === '' || PAGES.includes(target) ? link : text,
    );
}
