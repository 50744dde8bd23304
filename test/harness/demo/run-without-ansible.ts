import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import {
  noProxyEnvironment,
  type Playbook,
  playbookPath,
  type StepRunner,
  type Variables,
} from './step-runner.ts';

/** A task's call of a module. */
interface Call {
  readonly module: string;
  readonly options: Record<string, unknown>;
}

/** Runs a playbook's tasks by calling the executables, like a shell script. */
export const runWithoutAnsible: StepRunner = async (playbook, variables, flags) => {
  const { agent_dir, api_url } = variables;
  let changed = 0;
  let failed = 0;
  const output: string[] = [];
  for (const { module, options } of await readCalls(playbook, variables)) {
    const executable = join('dist/modules', module);
    const words = [JSON.stringify({ agent_dir, api_url, ...options }), ...flags];
    const { stdout } = await execa(executable, words, {
      cwd: new URL('../../..', import.meta.url),
      env: noProxyEnvironment,
      reject: false,
    });
    const result = JSON.parse(stdout);
    const shown = { changed: result.changed, msg: result.msg, diff: result.diff };
    changed += Number(result.changed);
    failed += Number(result.failed ?? false);
    output.push(`$ ${executable} '${words[0]}' ${flags.join(' ')}`.trim(), stringify(shown).trim());
  }
  return { changed, failed, output: output.join('\n') };
};

/** Reads the calls of a playbook's tasks, with variables filled in. */
async function readCalls(playbook: Playbook, variables: Variables): Promise<Call[]> {
  const template = await readFile(playbookPath(playbook), 'utf8');
  const text = template.replace(/"\{\{ (\w+) \}\}"/g, (reference, name) =>
    JSON.stringify(variables[name] ?? reference),
  );
  const [play]: [{ tasks: Record<string, Record<string, unknown>>[] }] = parse(text);
  return play.tasks.flatMap((task) =>
    Object.entries(task)
      .filter(([key]) => key.startsWith('systemcontext.jumpcloud.'))
      .map(([key, options]) => ({
        module: key.slice('systemcontext.jumpcloud.'.length),
        options: options ?? {},
      })),
  );
}
