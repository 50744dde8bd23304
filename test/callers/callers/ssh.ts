import { quoteForShell, runOnTerminal } from '../../terminal.ts';
import { type Caller, makeProcessCaller } from '../caller.ts';
import { readAnswer } from '../read-answer.ts';
import { commandLine } from './shell.ts';

export const ssh: Caller = makeProcessCaller(
  {
    name: 'ssh -t with --json',
    column: 'ssh -t',
    needs: ['script', 'ssh', '/usr/sbin/sshd'],
  },
  async (bed) => {
    const server = await bed.sshServer();
    const key = await bed.write('ssh.key', server.privateKey);
    const known = await bed.write('ssh.known_hosts', server.knownHosts);
    // -q omits ssh's own message about the end of the connection.
    const client = [
      `ssh -q -t -F none -p ${server.port} -i ${key} -o IdentitiesOnly=yes`,
      `-o UserKnownHostsFile=${known} -o GlobalKnownHostsFile=none`,
      `${server.user}@127.0.0.1`,
    ].join(' ');
    return async (call) => {
      const { output, exitCode } = await runOnTerminal(
        `${client} ${quoteForShell(commandLine(call, '--json'))}`,
      );
      return { answer: readAnswer(output, { isTerminal: true }), exitCode };
    };
  },
);
