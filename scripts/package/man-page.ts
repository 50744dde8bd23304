import type { BuildVersion } from '../build/build-version.ts';
import { commandLineExamples } from '../build/command-line-examples.ts';
import { commandLineFlags, usageSummary } from '../build/command-line-flags.ts';
import type {
  DocumentedValue,
  ModuleDocumentation,
  SharedDocumentation,
} from '../build/module-documentation.ts';
import { roffCode, roffText, roffWord } from './roff.ts';

const EXIT_STATUS: readonly (readonly [status: string, meaning: string])[] = [
  ['0', 'Success. The host is in its desired state.'],
  ['1', 'The run failed. C(msg) and C(error) in the answer give the reason.'],
  ['2', 'Something changed. Only C(--detailed-exitcode) gives this status.'],
];

/**
 * The paragraph about failed runs in each manual page. It names pages that `host-pages.ts` adds to
 * the package.
 */
const FAILURE_HELP =
  'When a run fails, C(/usr/share/doc/jumpcloud-system-context/troubleshooting.md) describes symptoms and repairs, and C(errors.md) beside it the error codes. C(systemd.md) says how to roll back a document.';

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
    // mandoc does not recognise a date with roff's escapes, so the date is not escaped.
    `.TH ${module.toUpperCase()} 8 ${date} "${footer}" "System Administration"`,
    // Disables justification and hyphenation, because a hyphenated name cannot be copied.
    '.ad l',
    '.nh',
    '.SH NAME',
    `${module} \\- ${roffText(short_description)}`,
    '.SH SYNOPSIS',
    `.B ${module}`,
    `[\\fIFLAG\\fR...] \\fIFILE\\fR | \\fB${roffWord(`'{"OPTION": VALUE, ...}'`)}\\fR | \\fB\\-\\fR`,
    '.SH DESCRIPTION',
    formatParagraphs([...description, usageSummary]),
    '.SH FLAGS',
    ...Object.entries(commandLineFlags).map(([flag, purpose]) => formatItem(flag, '', [purpose])),
    '.SH OPTIONS',
    ...all.filter((entry) => !isShared(entry)).map(([name, option]) => formatValue(name, option)),
    '.SS Options that every module has',
    ...all.filter(isShared).map(([name, option]) => formatValue(name, option)),
    '.SH RETURN VALUES',
    ...Object.entries(documentation.RETURN).map(([name, returned]) => formatValue(name, returned)),
    '.SH EXIT STATUS',
    ...EXIT_STATUS.map(([status, meaning]) => formatItem(status, '', [meaning])),
    '.SH EXAMPLES',
    'On a command line or in a script:',
    ...commandLineExamples(documentation).map(roffCode),
    '.PP',
    'In a playbook:',
    roffCode(documentation.EXAMPLES),
    '.SH NOTES',
    formatParagraphs([...notes, FAILURE_HELP]),
    '.SH SEE ALSO',
    formatParagraphs(seealso.map(formatReference)),
    '',
  ].join('\n');
}

/** Formats an option or a return value, with its contents indented below. */
function formatValue(name: string, documented: DocumentedValue): string {
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
    formatItem(name, ` (${roffText(facts.join('; '))})`, documented.description),
    ...(inside.length > 0
      ? ['.RS', ...inside.map(([key, nested]) => formatValue(key, nested)), '.RE']
      : []),
  ].join('\n');
}

/** Formats a term in bold, a suffix, and a description below the term. */
function formatItem(term: string, suffix: string, description: readonly string[]): string {
  return `.TP\n\\fB${roffWord(term)}\\fR${suffix}\n${description.map(roffText).join('\n.IP\n')}`;
}

function formatParagraphs(texts: readonly string[]): string {
  return texts.map(roffText).join('\n.PP\n');
}

/** Formats an entry of `seealso`: a link or a module. */
function formatReference(entry: unknown): string {
  const { module, name, link, description } = entry as Record<string, string | undefined>;
  return module ? `M(${module}): ${description}` : `${name}: U(${link})`;
}
