import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { executablePath } from '../../harness/executable.ts';
import { Container } from '../../machine/container.ts';
import {
  type Call,
  type Caller,
  flagsOf,
  type Observation,
  observationOrError,
  secondsSince,
} from '../caller.ts';
import { readAnswer } from '../read-answer.ts';

/** The directory of executables and options in the container. */
const DIRECTORY = '/opt/jumpcloud';

export const systemd: Caller = {
  name: 'A systemd unit',
  column: 'systemd',
  needs: ['systemd-nspawn', '/usr/lib/systemd/systemd'],
  needsPrivileges: true,
  async start() {
    const machine = await Container.ofThisMachine();
    await mkdir(join(machine.directory, DIRECTORY), { recursive: true });
    await machine.boot();
    return {
      root: machine.directory,
      async call(calls) {
        for (const call of calls) await install(machine, call);
        await machine.run('systemctl', 'daemon-reload');
        const observations = calls.map(
          async (call) => [call.id, await run(machine, call)] as const,
        );
        return new Map(await Promise.all(observations));
      },
      close: () => machine.remove(),
    };
  },
};

const unitOf = ({ id }: Call) => `call-${id}.service`;

async function install(machine: Container, call: Call): Promise<void> {
  await cp(executablePath(call.module), join(machine.directory, DIRECTORY, call.module));
  const options = join(DIRECTORY, `${call.id}.json`);
  await writeFile(join(machine.directory, options), JSON.stringify(call.options));
  const words = [join(DIRECTORY, call.module), options, ...flagsOf(call)];
  const unit = `[Service]\nType=oneshot\nExecStart=${words.join(' ')}\n`;
  await writeFile(join(machine.directory, 'etc/systemd/system', unitOf(call)), unit);
}

/** Starts a unit, waits until it has ended, and reads its output from the journal. */
async function run(machine: Container, call: Call): Promise<Observation | Error> {
  const unit = unitOf(call);
  const since = Date.now();
  await machine.run('systemctl', 'start', unit);
  const seconds = secondsSince(since);
  await machine.run('journalctl', '--sync');
  const output = ['-o', 'cat', '--no-pager', '-u', unit, '_TRANSPORT=stdout'];
  const { stdout } = await machine.run('journalctl', ...output);
  const status = ['--value', '--property=ExecMainStatus', unit];
  const { stdout: exitCode } = await machine.run('systemctl', 'show', ...status);
  return observationOrError(() => ({
    answer: readAnswer(`${stdout}\n`),
    exitCode: Number(exitCode),
    seconds,
  }));
}
