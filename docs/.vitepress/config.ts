import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';

const docs = new URL('..', import.meta.url);

/** The pages of each section of the menu, in order. A test compares them with the files. */
const SECTIONS = {
  Guides: [
    'autoscaling',
    'stale-records',
    'golden-images',
    'users-and-sudo',
    'facts',
    'names',
    'ansible',
    'systemd',
    'other-tools',
    'editors-and-ci',
  ],
  Operations: ['install', 'troubleshooting', 'errors', 'check-mode', 'audit-trail', 'performance'],
  Background: ['security', 'probe', 'releasing'],
};

const titleOf = (page: string) =>
  /^# (.*)$/m.exec(readFileSync(new URL(`${page}.md`, docs), 'utf8'))?.[1] ?? page;
const link = (page: string) => ({ text: titleOf(page), link: `/${page}` });
const pagesOf = (directory: string) =>
  readdirSync(new URL(directory, docs))
    .filter((file) => file.endsWith('.md') && file !== 'index.md')
    .map((file) => link(`${directory}/${file.slice(0, -3)}`));

export default defineConfig({
  title: 'jumpcloud-system-context',
  description: "Manage a host's own JumpCloud record, signed with its agent's key",
  lang: 'en',
  cleanUrls: true,
  // Allows links to files outside docs/. These links are relative, because only a release knows the
  // repository's address.
  ignoreDeadLinks: [/^(\.\/)?\.\.\//],
  srcExclude: ['README.md'],
  // The default theme for code has too little contrast.
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    // Vue must not evaluate double braces in code, such as Ansible's templates.
    config({ renderer, utils }) {
      renderer.rules.code_inline = (tokens, index) =>
        `<code v-pre>${utils.escapeHtml(tokens[index]?.content ?? '')}</code>`;
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: [
      ...Object.entries(SECTIONS).map(([text, pages]) => ({ text, items: pages.map(link) })),
      { text: 'Modules', items: pagesOf('reference') },
      { text: 'Development', items: pagesOf('development') },
      { text: 'Decisions', items: pagesOf('decisions') },
    ],
  },
});
