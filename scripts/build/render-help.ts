import { commandLineExamples } from './command-line-examples.ts';
import { commandLineFlags, usageSummary } from './command-line-flags.ts';
import type {
  DocumentedValue,
  ModuleDocumentation,
  SharedDocumentation,
} from './module-documentation.ts';
import { wrap } from './plain-text.ts';

/** The number of examples in `--help`. */
const EXAMPLE_COUNT = 3;

const FLAG_COLUMNS = Math.max(...Object.keys(commandLineFlags).map((flag) => flag.length));

/** Returns the text of `--help`, at most 80 columns wide. */
export function renderHelp(
  documentation: ModuleDocumentation,
  shared: SharedDocumentation,
): string {
  const { module, short_description, description, options } = documentation.DOCUMENTATION;
  const isShared = (name: string) => Object.hasOwn(shared.DOCUMENTATION.options, name);
  const names = Object.keys(options);
  const list = (selected: readonly string[]) =>
    selected.flatMap((name) => {
      const option = options[name];
      return option ? [formatOption(name, option)] : [];
    });
  return [
    wrap(`${module}: ${short_description}`),
    wrap(description[0] ?? ''),
    `Usage: ${module} [FLAG...] FILE | '{"OPTION": VALUE, ...}' | -\n${wrap(usageSummary)}`,
    [
      'Flags:',
      ...Object.entries(commandLineFlags).map(
        ([flag, purpose]) => `  ${flag.padEnd(FLAG_COLUMNS)}  ${purpose}`,
      ),
    ].join('\n'),
    ['Options:', ...list(names.filter((name) => !isShared(name)))].join('\n'),
    ['Options that every module has:', ...list(names.filter(isShared))].join('\n'),
    [
      'Examples:',
      ...commandLineExamples(documentation)
        .slice(0, EXAMPLE_COUNT)
        .map((line) => line.replaceAll(/^/gm, '  ')),
    ].join('\n'),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

/**
 * Returns `name (type; required; default; choices)` and the first paragraph of the description. For
 * an option without a type, this paragraph lists the accepted values.
 */
function formatOption(name: string, option: DocumentedValue): string {
  const elements = option.elements === 'raw' ? undefined : option.elements;
  const facts = [
    ...(option.type === 'raw' ? [] : [elements ? `${option.type} of ${elements}` : option.type]),
    ...(option.required ? ['required'] : []),
    ...(option.default === undefined ? [] : [`default ${JSON.stringify(option.default)}`]),
    ...(option.choices ? [option.choices.join(' | ')] : []),
  ];
  const summary = wrap(option.description[0] ?? '', 6);
  const nested = Object.entries(option.suboptions ?? {}).map(([key, value]) =>
    wrap(`${key} (${value.type}${value.required ? ', required' : ''}): ${value.description[0]}`, 8),
  );
  return [
    `${wrap(facts.length === 0 ? name : `${name} (${facts.join('; ')})`, 2)}`,
    summary,
    ...nested,
  ].join('\n');
}
