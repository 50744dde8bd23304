import type { BuildVersion } from '../build/build-version.ts';
import { commandLineExamples } from '../build/command-line-examples.ts';
import { callingConvention, commandLineFlags } from '../build/command-line-flags.ts';
import type {
  DocumentedValue,
  ModuleDocumentation,
  SharedDocumentation,
} from '../build/module-documentation.ts';
import { roffCode, roffText, roffWord } from './roff.ts';

const EXIT_STATUS: readonly (readonly [status: string, meaning: string])[] = [
  ['0', 'The host is in its desired state: nothing had to change, or everything was changed.'],
  ['1', 'The run failed; C(msg) and C(error) in the answer give the reason.'],
  ['2', 'Something changed; only with C(--detailed-exitcode).'],
];

/** Returns a module's manual page, section 8, in roff. */
export function manPage(
  documentation: ModuleDocumentation,
  shared: SharedDocumentation,
  { version, time }: BuildVersion,
): string {
  const { module, short_description, description, options, notes, seealso } =
    documentation.DOCUMENTATION;
  const isShared = ([name]: [string, DocumentedValue]) =>
    Object.hasOwn(shared.DOCUMENTATION.options, name);
  const all = Object.entries(options);
  const date = new Date(time * 1000).toISOString().slice(0, 10);
  const footer = roffWord(`jumpcloud-system-context ${version}`);
  return [
    // mandoc reads the date only without roff's escapes.
    `.TH ${module.toUpperCase()} 8 ${date} "${footer}" "System Administration"`,
    // No justification and no hyphenation: a hyphenated name cannot be copied.
    '.ad l',
    '.nh',
    '.SH NAME',
    `${module} \\- ${roffText(short_description)}`,
    '.SH SYNOPSIS',
    `.B ${module}`,
    `[\\fIFLAG\\fR...] \\fIFILE\\fR | \\fB${roffWord(`'{"OPTION": VALUE, ...}'`)}\\fR | \\fB\\-\\fR`,
    '.SH DESCRIPTION',
    paragraphs([...description, callingConvention]),
    '.SH FLAGS',
    ...Object.entries(commandLineFlags).map(([flag, purpose]) => item(flag, '', [purpose])),
    '.SH OPTIONS',
    ...all.filter((entry) => !isShared(entry)).map(([name, option]) => value(name, option)),
    '.SS Options that every module has',
    ...all.filter(isShared).map(([name, option]) => value(name, option)),
    '.SH RETURN VALUES',
    ...Object.entries(documentation.RETURN).map(([name, returned]) => value(name, returned)),
    '.SH EXIT STATUS',
    ...EXIT_STATUS.map(([status, meaning]) => item(status, '', [meaning])),
    '.SH EXAMPLES',
    'On a command line or in a script:',
    ...commandLineExamples(documentation).map(roffCode),
    '.PP',
    'In a playbook:',
    roffCode(documentation.EXAMPLES),
    '.SH NOTES',
    paragraphs(notes),
    '.SH SEE ALSO',
    paragraphs(seealso.map(reference)),
    '',
  ].join('\n');
}

/** Formats an option or a return value, with its contents indented below. */
function value(name: string, documented: DocumentedValue): string {
  const { type, elements, required, default: byDefault, choices, returned } = documented;
  const facts = [
    elements ? `${type} of ${elements}` : type,
    ...(required ? ['required'] : []),
    ...(byDefault === undefined ? [] : [`default ${JSON.stringify(byDefault)}`]),
    ...(choices ? [choices.map(String).join(' | ')] : []),
    ...(returned ? [`returned: ${returned}`] : []),
  ];
  const inside = Object.entries(documented.suboptions ?? documented.contains ?? {});
  return [
    item(name, ` (${roffText(facts.join('; '))})`, documented.description),
    ...(inside.length > 0
      ? ['.RS', ...inside.map(([key, nested]) => value(key, nested)), '.RE']
      : []),
  ].join('\n');
}

/** Formats a term in bold, the text after it, and its description below. */
function item(term: string, rest: string, description: readonly string[]): string {
  return `.TP\n\\fB${roffWord(term)}\\fR${rest}\n${description.map(roffText).join('\n.IP\n')}`;
}

function paragraphs(texts: readonly string[]): string {
  return texts.map(roffText).join('\n.PP\n');
}

/** Formats an entry of `seealso`: a link or a module. */
function reference(entry: unknown): string {
  const { module, name, link, description } = entry as Record<string, string | undefined>;
  return module ? `M(${module}): ${description}` : `${name}: U(${link})`;
}
