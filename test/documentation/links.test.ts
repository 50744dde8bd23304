import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';

const ROOT_FILES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];
const markdownIn = async (directory: string) =>
  (await readdir(join(projectDirectory, directory)))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `${directory}/${file}`);
const docs = (await markdownIn('docs')).filter((page) => page !== 'docs/index.md');
const developerPages = [
  ...(await markdownIn('docs/decisions')),
  ...(await markdownIn('docs/development')),
];
const pages = [...ROOT_FILES, 'collection/README.md', ...docs, ...developerPages];

/** Pages that are shipped, each with the files that are shipped beside it. */
const SHIPPED_PAGES = new Map([
  ['CHANGELOG.md', [] as string[]],
  ['collection/README.md', ['CHANGELOG.md', 'LICENSE', 'THIRD-PARTY-NOTICES']],
]);

const read = (path: string) => readFile(join(projectDirectory, path), 'utf8');

/** Returns the targets of a page's links and images, except URLs. */
async function relativeLinks(page: string): Promise<string[]> {
  const text = (await read(page)).replace(/^```.*?^```/gms, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** Returns the anchors of a page's headings, as GitHub and GitLab make them. */
async function anchorsOf(page: string): Promise<string[]> {
  const headings = (await read(page)).replace(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(pages)('%s has no dead relative link', async (page) => {
  const dead: string[] = [];
  for (const target of await relativeLinks(page)) {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    const isThere =
      SHIPPED_PAGES.get(page)?.includes(path) || existsSync(join(projectDirectory, file));
    const hasAnchor = anchor === undefined || (await anchorsOf(file)).includes(anchor);
    if (!isThere || !hasAnchor) dead.push(target);
  }
  expect(dead).toEqual([]);
});

test.each([...SHIPPED_PAGES])(
  '%s links only to files that are shipped with it',
  async (page, files) => {
    for (const link of await relativeLinks(page)) expect(files).toContain(link);
  },
);

test.each(['README.md', 'SECURITY.md', ...docs])('%s names only files that exist', async (page) => {
  const text = await read(page);
  const named = [...text.matchAll(/`((?:ansible-examples|packaging|scripts|src|test)\/[^`\s]+)`/g)];
  const paths = named.map(([, path = '']) => path);
  expect(paths.filter((path) => !existsSync(join(projectDirectory, path)))).toEqual([]);
});

test.each(docs)('README.md links to %s', async (page) => {
  expect(await relativeLinks('README.md')).toContain(page);
});

test("the site's menu has every page", async () => {
  const config = await read('docs/.vitepress/config.ts');
  const [, sections = ''] = /const SECTIONS = (\{.*?^\});/ms.exec(config) ?? [];
  const listed = [...sections.matchAll(/'([\w-]+)'/g)].map(([, page]) => `docs/${page}.md`);
  expect(listed.sort()).toEqual(docs.sort());
});

test('README.md has at most 150 lines', async () => {
  expect((await read('README.md')).trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});
