/** What every executable takes beside its options, and what for. */
export const commandLineFlags: Readonly<Record<string, string>> = {
  '--check': 'predict the result, change nothing',
  '--diff': 'report the settings before and after',
  '--detailed-exitcode': 'exit 2 when something changed, 0 when nothing did',
  '--json': 'print nothing but JSON on a terminal',
  '--help, -h': 'print this text and exit',
  '--version': 'print the version and exit',
};

/** How options get in and an answer comes out. */
export const callingConvention =
  'Options are one JSON object: in a file, as the argument, or on standard input. One JSON object on standard output is the answer; exit status 1 means failed. On a terminal, long waits are reported on standard error; add --json where a program reads the output of a terminal (ssh -t, Ansible modules raw and script).';
