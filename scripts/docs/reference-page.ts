import { stringify } from 'yaml';
import { commandLineFlags, usageSummary } from '../build/command-line-flags.ts';
import type { DocumentedValue, ModuleDocumentation } from '../build/module-documentation.ts';

/** Returns a module's reference page, in Markdown. */
export function referencePage({ DOCUMENTATION, EXAMPLES, RETURN }: ModuleDocumentation): string {
  const { module, short_description, description, options, requirements, notes } = DOCUMENTATION;
  return [
    `# ${module}`,
    `${toMarkdown(short_description)}.`,
    ...description.map(toMarkdown),
    '## Requirements',
    formatList(requirements),
    '## Options',
    formatValues(options),
    '## Examples',
    formatCodeBlock('yaml', EXAMPLES.trim()),
    '## On a command line',
    toMarkdown(usageSummary),
    formatList(Object.entries(commandLineFlags).map(([flag, purpose]) => `C(${flag}): ${purpose}`)),
    '## Return values',
    formatValues(RETURN),
    ...(notes.length > 0 ? ['## Notes', formatList(notes)] : []),
    '',
  ].join('\n\n');
}

/** Returns the page that links to all reference pages. */
export function referenceIndex(modules: readonly ModuleDocumentation[]): string {
  const rows = modules.map(({ DOCUMENTATION: { module, short_description } }) => {
    return `| [${module}](${module}.md) | ${toMarkdown(short_description)} |`;
  });
  return ['# Modules', ['| module | purpose |', '|---|---|', ...rows].join('\n'), ''].join('\n\n');
}

function formatValues(all: Readonly<Record<string, DocumentedValue>>): string {
  return Object.entries(all)
    .map(([name, documented]) => formatValue(name, documented, ''))
    .join('\n');
}

/** Formats an option or a return value as a list item, with its contents as a nested list. */
function formatValue(name: string, documented: DocumentedValue, indent: string): string {
  const { type, elements, required, default: byDefault, choices, returned, sample } = documented;
  const facts = [
    elements ? `${type} of ${elements}` : type,
    ...(required ? ['required'] : []),
    ...(byDefault === undefined ? [] : [`default \`${JSON.stringify(byDefault)}\``]),
    ...(choices ? [`one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`] : []),
    ...(returned ? [`returned ${toMarkdown(returned)}`] : []),
  ];
  const inside = Object.entries(documented.suboptions ?? documented.contains ?? {});
  const blocks = [
    ...documented.description.map(toMarkdown),
    ...(sample === undefined ? [] : [formatCodeBlock('yaml', stringify(sample).trim())]),
    ...inside.map(([key, nested]) => formatValue(key, nested, '')),
  ];
  const text = [`- **\`${name}\`** (${facts.join('; ')})`, ...blocks].join('\n\n');
  return text.replace(/^(?=.)/gm, indent).replace(/\n(?=.)/g, `\n${indent}  `);
}

function formatList(items: readonly string[]): string {
  return items.map((item) => `- ${toMarkdown(item)}`).join('\n');
}

function formatCodeBlock(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** Converts Ansible's markup to Markdown, and escapes text that Markdown or Vue would interpret. */
function toMarkdown(marked: string): string {
  return marked
    .split(/(\bL\([^,)]+, *[^)]+\)|\b[BCIMU]\([^)]*\))/)
    .map((part, i) => (i % 2 === 0 ? escapeMarkdown(part) : convertMarkup(part)))
    .join('');
}

function convertMarkup(markup: string): string {
  const inside = markup.slice(2, -1);
  const [text = '', url = ''] = inside.split(/, */);
  switch (markup[0]) {
    case 'B':
      return `**${escapeMarkdown(inside)}**`;
    case 'L':
      return `[${escapeMarkdown(text)}](${url})`;
    case 'M': {
      const module = inside.split('.').at(-1);
      return inside.startsWith('systemcontext.') ? `[${module}](${module}.md)` : `\`${inside}\``;
    }
    case 'U':
      return `<${inside}>`;
    default:
      return `\`${inside}\``;
  }
}

function escapeMarkdown(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*_[\]|]/g, '\\$&');
}
