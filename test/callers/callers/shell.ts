import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { executablePath } from '../../harness/executable.ts';
import { quoteForShell, runOnTerminal } from '../../terminal.ts';
import { type Call, type Caller, flagsOf, makeProcessCaller } from '../caller.ts';
import { readAnswer } from '../read-answer.ts';

/** Returns a call as a shell command line, with the options as one argument. */
export function commandLine(call: Call, ...flags: string[]): string {
  const words = [executablePath(call.module), ...flags, ...flagsOf(call)];
  return [...words, quoteForShell(JSON.stringify(call.options))].join(' ');
}

export const pipe: Caller = makeProcessCaller(
  { name: 'A pipe', column: 'pipe', needs: ['bash'] },
  async () => async (call) => {
    const options = quoteForShell(JSON.stringify(call.options));
    const module = [executablePath(call.module), ...flagsOf(call)].join(' ');
    const line = `set -o pipefail; printf %s ${options} | ${module} | cat`;
    return read(await execa('bash', ['-c', line], RAW_OUTPUT));
  },
);

export const cron: Caller = makeProcessCaller(
  { name: 'A cron job', column: 'cron' },
  async () => async (call) =>
    read(await execa('env', ['-i', '/bin/sh', '-c', `${commandLine(call)} <&-`], RAW_OUTPUT)),
);

export const terminal: Caller = makeProcessCaller(
  { name: 'A shell on a terminal with --json', column: 'terminal', needs: ['script'] },
  async () => async (call) => {
    const { output, exitCode } = await runOnTerminal(commandLine(call, '--json'));
    return { answer: readAnswer(output, { isTerminal: true }), exitCode };
  },
);

export const commandSubstitution: Caller = makeProcessCaller(
  {
    name: 'A command substitution on a terminal',
    column: '$(…)',
    needs: ['script'],
    showsProgress: true,
  },
  async (bed) => async (call) => {
    const path = await bed.path(`substituted-${call.id}`);
    const keep = `status=$?; printf '%s\\n' "$answer" >${quoteForShell(path)}; exit $status`;
    const { output, exitCode } = await runOnTerminal(`answer=$(${commandLine(call)}); ${keep}`);
    return { answer: readAnswer(await readFile(path, 'utf8')), exitCode, stderr: output };
  },
);

const RAW_OUTPUT = { stdin: 'ignore', reject: false, stripFinalNewline: false } as const;

function read(result: { stdout: string; stderr: string; exitCode?: number | undefined }) {
  return { answer: readAnswer(result.stdout), stderr: result.stderr, exitCode: result.exitCode };
}
