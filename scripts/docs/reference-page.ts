import { stringify } from 'yaml';
import { callingConvention, commandLineFlags } from '../build/command-line-flags.ts';
import type { DocumentedValue, ModuleDocumentation } from '../build/module-documentation.ts';

/** Returns a module's reference page, in Markdown. */
export function referencePage({ DOCUMENTATION, EXAMPLES, RETURN }: ModuleDocumentation): string {
  const { module, short_description, description, options, requirements, notes } = DOCUMENTATION;
  return [
    `# ${module}`,
    `${markdown(short_description)}.`,
    ...description.map(markdown),
    '## Requirements',
    list(requirements),
    '## Options',
    values(options),
    '## Examples',
    fence('yaml', EXAMPLES.trim()),
    '## On a command line',
    markdown(callingConvention),
    list(Object.entries(commandLineFlags).map(([flag, purpose]) => `C(${flag}): ${purpose}`)),
    '## Return values',
    values(RETURN),
    ...(notes.length > 0 ? ['## Notes', list(notes)] : []),
    '',
  ].join('\n\n');
}

/** Returns the page that links to all reference pages. */
export function referenceIndex(modules: readonly ModuleDocumentation[]): string {
  const rows = modules.map(({ DOCUMENTATION: { module, short_description } }) => {
    return `| [${module}](${module}.md) | ${markdown(short_description)} |`;
  });
  return ['# Modules', ['| module | purpose |', '|---|---|', ...rows].join('\n'), ''].join('\n\n');
}

function values(all: Readonly<Record<string, DocumentedValue>>): string {
  return Object.entries(all)
    .map(([name, documented]) => value(name, documented, ''))
    .join('\n');
}

/** Formats an option or a return value as a list item, with its contents as a nested list. */
function value(name: string, documented: DocumentedValue, indent: string): string {
  const { type, elements, required, default: byDefault, choices, returned, sample } = documented;
  const facts = [
    elements ? `${type} of ${elements}` : type,
    ...(required ? ['required'] : []),
    ...(byDefault === undefined ? [] : [`default \`${JSON.stringify(byDefault)}\``]),
    ...(choices ? [`one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`] : []),
    ...(returned ? [`returned ${markdown(returned)}`] : []),
  ];
  const inside = Object.entries(documented.suboptions ?? documented.contains ?? {});
  const blocks = [
    ...documented.description.map(markdown),
    ...(sample === undefined ? [] : [fence('yaml', stringify(sample).trim())]),
    ...inside.map(([key, nested]) => value(key, nested, '')),
  ];
  const text = [`- **\`${name}\`** (${facts.join('; ')})`, ...blocks].join('\n\n');
  return text.replace(/^(?=.)/gm, indent).replace(/\n(?=.)/g, `\n${indent}  `);
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${markdown(item)}`).join('\n');
}

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** Converts Ansible's markup to Markdown, and protects text that Markdown or Vue would interpret. */
function markdown(marked: string): string {
  return marked
    .split(/(\bL\([^,)]+, *[^)]+\)|\b[BCIMU]\([^)]*\))/)
    .map((part, i) => (i % 2 === 0 ? escaped(part) : converted(part)))
    .join('');
}

function converted(markup: string): string {
  const inside = markup.slice(2, -1);
  const [text = '', url = ''] = inside.split(/, */);
  switch (markup[0]) {
    case 'B':
      return `**${escaped(inside)}**`;
    case 'L':
      return `[${escaped(text)}](${url})`;
    case 'M': {
      const module = inside.split('.').at(-1);
      return inside.startsWith('systemcontext.') ? `[${module}](${module}.md)` : `\`${inside}\``;
    }
    case 'U':
      return `<${inside}>`;
    default:
      return code(inside);
  }
}

/** Formats code. Vue would evaluate double braces, except in an element with `v-pre`. */
function code(text: string): string {
  return text.includes('{{') ? `<code v-pre>${escaped(text)}</code>` : `\`${text}\``;
}

function escaped(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*_[\]|]/g, '\\$&');
}
