import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { executablePath } from '../../harness/executable.ts';
import {
  type Call,
  type Caller,
  flagsOf,
  type Observation,
  type Observations,
  observationOrError,
  secondsSince,
} from '../caller.ts';
import { readAnswer } from '../read-answer.ts';

export const puppet: Caller = {
  name: "Puppet's exec",
  column: 'puppet',
  needs: ['puppet'],
  async start(bed) {
    const directory = await bed.path('puppet');
    await mkdir(join(directory, 'vardir/client_yaml/facts'), { recursive: true });
    // These facts replace Facter, which would request cloud metadata over this machine's network.
    const facts = '--- !ruby/object:Puppet::Node::Facts\nname: web-1\nvalues: {}\n';
    await writeFile(join(directory, 'vardir/client_yaml/facts/web-1.yaml'), facts);
    return { call: (calls) => apply(directory, calls) };
  },
};

/** An event in Puppet's log. */
interface LogEvent {
  readonly source: string;
  readonly message: string;
  readonly level: string;
  readonly time: string;
}

/** Applies a manifest with a resource for each call. Puppet applies them one after another. */
async function apply(directory: string, calls: readonly Call[]): Promise<Observations> {
  const log = join(directory, 'log.json');
  const manifest = join(directory, 'site.pp');
  await writeFile(manifest, calls.map(formatExecResource).join('\n'));
  const own = ['confdir', 'vardir', 'codedir', 'logdir', 'rundir'].flatMap((name) => [
    `--${name}`,
    join(directory, name),
  ]);
  const since = Date.now();
  const words = ['--color=false', '--certname=web-1', '--facts_terminus=yaml', ...own];
  await execa('puppet', ['apply', `--logdest=${log}`, ...words, manifest], {
    reject: false,
    stdin: 'ignore',
  });
  const events: LogEvent[] = JSON.parse(`${(await readFile(log, 'utf8')).trimEnd()}]`);
  return new Map(calls.map(({ id }) => [id, readLog(id, events, since)]));
}

function formatExecResource(call: Call): string {
  const words = [executablePath(call.module), ...flagsOf(call), JSON.stringify(call.options)];
  const command = words.map(literal).join(', ');
  return `exec { '${call.id}': command => [${command}], logoutput => true, timeout => 60 }`;
}

function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}

function readLog(id: string, events: readonly LogEvent[], since: number): Observation | Error {
  const own = events.filter(({ source }) => source === `/Stage[main]/Main/Exec[${id}]/returns`);
  const output = own.filter(
    ({ level, message }) => level === 'notice' && message !== 'executed successfully',
  );
  const failed = own.some(({ level }) => level === 'err');
  return observationOrError(() => ({
    answer: readAnswer(output.map(({ message }) => `${message}\n`).join('')),
    exitCode: failed ? 1 : 0,
    seconds: secondsSince(since, Date.parse(output[0]?.time ?? '')),
  }));
}
