/** The command-line flags of every executable, each with its purpose. */
export const commandLineFlags: Readonly<Record<string, string>> = {
  '--check': 'predict the result and change nothing',
  '--diff': 'report the settings before and after',
  '--detailed-exitcode': 'exit with 2 if something changed, 0 if nothing did',
  '--json': 'print JSON on a terminal, too',
  '--validate': 'check the options only; needs no agent and no JumpCloud',
  '--help, -h': 'print this text and exit',
  '--version': 'print the version and exit',
};

/** The calling convention of the executables, for their help texts. */
export const usageSummary =
  'Pass the options as one JSON object: in a file, as the argument, or on standard input. The result is one JSON object on standard output, or readable text on a terminal. Exit status 1 means failure. Add --json if a program reads the output of a terminal (ssh -t, the Ansible modules raw and script).';
