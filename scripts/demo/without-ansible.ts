import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { projectFolder } from '../build/project-folder.ts';
import { type StepRunner, withoutProxy } from './step-runner.ts';
import { playbook } from './through-ansible.ts';

/** What a task of the playbook calls. */
interface Call {
  readonly module: string;
  readonly options: Record<string, unknown>;
}

/** Runs the playbook's tasks by calling the executables, as a shell script would. */
export const withoutAnsible: StepRunner = async ({ display_name, ...connection }, flags) => {
  let changed = 0;
  let failed = 0;
  const output: string[] = [];
  for (const { module, options } of await calls({ display_name })) {
    const executable = join('dist/modules', module);
    const words = [JSON.stringify({ ...connection, ...options }), ...flags];
    const { stdout } = await execa(executable, words, {
      cwd: projectFolder,
      env: withoutProxy,
      reject: false,
    });
    const { invocation: _, ...result } = JSON.parse(stdout);
    changed += Number(result.changed);
    failed += Number(result.failed ?? false);
    output.push(
      `$ ${executable} '${words[0]}' ${flags.join(' ')}`.trim(),
      stringify(result).trim(),
    );
  }
  return { changed, failed, output: output.join('\n') };
};

/** The playbook's tasks, with its variables filled in. */
async function calls(variables: Record<string, string>): Promise<Call[]> {
  const text = (await readFile(playbook, 'utf8')).replace(/"\{\{ (\w+) \}\}"/g, (reference, name) =>
    JSON.stringify(variables[name] ?? reference),
  );
  const [play]: [{ tasks: Record<string, Record<string, unknown>>[] }] = parse(text);
  return play.tasks.flatMap((task) =>
    Object.entries(task)
      .filter(([key]) => key.startsWith('systemcontext.jumpcloud.'))
      .map(([key, options]) => ({ module: key.slice('systemcontext.jumpcloud.'.length), options })),
  );
}
