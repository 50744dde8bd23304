import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import {
  type Call,
  type Caller,
  type Observation,
  type Observations,
  observationOrError,
  secondsSince,
} from '../caller.ts';
import { readAnswer } from '../read-answer.ts';
import type { TestBed } from '../test-bed.ts';
import { commandLine } from './shell.ts';

export const packer: Caller = {
  name: "Packer's shell provisioner",
  column: 'packer',
  needs: ['packer', '/usr/sbin/sshd'],
  async start(bed) {
    const directory = await bed.path('packer');
    await mkdir(directory);
    return { call: (calls) => build(bed, directory, calls) };
  },
};

/** Runs `packer build` with one source for each call. Packer builds all sources in parallel. */
async function build(
  bed: TestBed,
  directory: string,
  calls: readonly Call[],
): Promise<Observations> {
  const server = await bed.sshServer();
  const key = await bed.write('packer.key', server.privateKey);
  const ssh = [
    'ssh_host             = "127.0.0.1"',
    `ssh_port             = ${server.port}`,
    `ssh_username         = "${server.user}"`,
    `ssh_private_key_file = "${key}"`,
  ].join('\n  ');
  const template = [
    ...calls.map(({ id }) => `source "null" "${id}" {\n  ${ssh}\n}`),
    'build {',
    `  sources = ${JSON.stringify(calls.map(({ id }) => `source.null.${id}`))}`,
    ...calls.map((call) => provisioner(call)),
    '}\n',
  ].join('\n');
  await writeFile(join(directory, 'template.pkr.hcl'), template);
  const since = Date.now();
  const running = execa('packer', ['build', '-color=false', join(directory, 'template.pkr.hcl')], {
    env: { PACKER_CACHE_DIR: directory, PACKER_CONFIG_DIR: directory, CHECKPOINT_DISABLE: '1' },
    cwd: directory,
    reject: false,
    stdin: 'ignore',
    all: true,
  });
  const lines: { text: string; at: number }[] = [];
  for await (const text of running.iterable({ from: 'all' })) lines.push({ text, at: Date.now() });
  return new Map(calls.map(({ id }) => [id, readLog(id, lines, since)]));
}

function provisioner(call: Call): string {
  const line = JSON.stringify(commandLine(call));
  return `  provisioner "shell" {\n    only   = ["null.${call.id}"]\n    inline = [${line}]\n  }`;
}

/** Reads a script's output from the log, where each line begins with the name of its source. */
function readLog(
  id: string,
  lines: readonly { text: string; at: number }[],
  since: number,
): Observation | Error {
  const start = `    null.${id}: `;
  const own = lines.filter(({ text }) => text.startsWith(start));
  const failed = lines.some(({ text }) => text.startsWith(`Build 'null.${id}' errored`));
  if (own.length === 0) {
    const log = lines.map(({ text }) => text).join('\n');
    return new Error(`Packer shows no output of ${id}:\n${log}`);
  }
  const stdout = own.map(({ text }) => `${text.slice(start.length)}\n`).join('');
  return observationOrError(() => ({
    answer: readAnswer(stdout),
    exitCode: failed ? 1 : 0,
    seconds: secondsSince(since, own[0]?.at),
  }));
}
