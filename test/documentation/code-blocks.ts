import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDirectory } from '../../scripts/build/project-directory.ts';

/** A fenced code block of a page. */
export interface CodeBlock {
  readonly page: string;
  /** The line of the page at which the block starts. */
  readonly line: number;
  /** The word after the opening fence; empty for output and other plain text. */
  readonly language: string;
  readonly text: string;
}

/** Returns the paths of all pages for users and for developers of this project. */
export async function documentationPages(): Promise<string[]> {
  const docs = (await readdir(join(projectDirectory, 'docs'), { recursive: true }))
    .filter((file) => /^(?!node_modules|reference|\.)[^.]*\.md$/.test(file))
    .map((file) => `docs/${file}`);
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'collection/README.md', ...docs.sort()];
}

/** Returns the code blocks of a page. */
export async function codeBlocksOf(page: string): Promise<CodeBlock[]> {
  const text = await readFile(join(projectDirectory, page), 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    language: match[1] ?? '',
    text: match[2] ?? '',
  }));
}
