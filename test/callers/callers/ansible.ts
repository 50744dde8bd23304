import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Controller } from '../../harness/ansible/controller.ts';
import type { Answer } from '../../harness/executable.ts';
import {
  type Call,
  type Caller,
  type Observation,
  type Observations,
  observationOrError,
  secondsSince,
} from '../caller.ts';
import type { TestBed } from '../test-bed.ts';

/** The result that a task registered. */
export type Registered = Record<string, unknown>;

/** The connection of Ansible to a host, and the form of a task. */
export interface AnsibleWay extends Omit<Caller, 'start' | 'hides'> {
  /** The root of the file system that modules run in, if it is not this machine's. */
  readonly root?: string;
  /** The host's variables in the inventory. */
  readonly variables: (bed: TestBed, controller: Controller) => Promise<object>;
  readonly env?: Readonly<Record<string, string>>;
  /** Returns the task for a call. By default it runs the module itself. */
  readonly task?: (call: Call, controller: Controller) => object;
  /** Reads the registered result. By default it is the module's result. */
  readonly read?: (registered: Registered) => Omit<Observation, 'seconds'>;
  /** Keys of the registered result that Ansible adds to the module's keys. */
  readonly adds?: readonly string[];
}

/**
 * Keys that Ansible adds to a module's result: to a failed result from 2.19 on, to every result in
 * 2.22.
 */
const ADDED = ['exception', 'ansible_parsed'];

/** Keys that Ansible shows itself, and does not register. */
const HIDDEN = ['invocation', 'warnings'];

/** Returns a caller that makes all calls in one play, each as a task of a separate host. */
export function ansibleCaller(way: AnsibleWay): Caller {
  const { root } = way;
  return {
    ...way,
    needs: ['ansible-playbook', ...(way.needs ?? [])],
    ...(way.read === undefined && { hides: HIDDEN }),
    async start(bed) {
      const controller = await bed.controller();
      const variables = await way.variables(bed, controller);
      return {
        ...(root !== undefined && { root }),
        call: (calls) => play(way, controller, variables, calls),
      };
    },
  };
}

async function play(
  way: AnsibleWay,
  controller: Controller,
  variables: object,
  calls: readonly Call[],
): Promise<Observations> {
  const put = (name: string, content: unknown) =>
    controller.put(join(way.column.replaceAll(/\W+/g, '-'), name), stringify(content));
  const { task = moduleTask } = way;
  for (const call of calls) {
    const registering = { ...task(call, controller), register: 'answer', ignore_errors: true };
    await put(`${call.id}.yml`, [registering, SHOW]);
  }
  const hosts = Object.fromEntries(calls.map(({ id }) => [id, {}]));
  const inventory = await put('hosts.yml', { all: { vars: variables, hosts } });
  const playbook = await put('playbook.yml', [
    { hosts: 'all', strategy: 'free', gather_facts: false, tasks: [INCLUDE] },
  ]);
  const since = Date.now();
  const { output } = await controller.playbook(playbook, {
    flags: ['-i', inventory, '--forks', String(calls.length)],
    ...(way.env && { env: way.env }),
  });
  const shown = readShown(output);
  const read = way.read ?? moduleResult([...ADDED, ...(way.adds ?? [])]);
  return new Map(
    calls.map(({ id }) => {
      const entry = shown.get(id);
      if (entry === undefined) return [id, new Error(`Ansible showed no answer:\n${output}`)];
      const seconds = secondsSince(since, entry.at * 1000);
      return [id, observationOrError(() => ({ ...read(entry.registered), seconds }))];
    }),
  );
}

const INCLUDE = { 'ansible.builtin.include_tasks': '{{ inventory_hostname }}.yml' };

/** Prints the registered result and the time in Ansible's output, without a run on the host. */
const SHOW = {
  'ansible.builtin.debug': {
    msg: "{{ {'registered': answer, 'at': now(utc=true).timestamp()} | to_json | b64encode }}",
  },
};

function readShown(output: string): Map<string, { registered: Registered; at: number }> {
  const shown = output.matchAll(/^ok: \[(\w+)\] => \{\s+"msg": "([\w+/=]+)"/gm);
  return new Map(
    [...shown].map(([, id = '', text = '']) => [
      id,
      JSON.parse(Buffer.from(text, 'base64').toString()),
    ]),
  );
}

export function moduleTask({ module, options, check, diff }: Call): object {
  return {
    [`systemcontext.jumpcloud.${module}`]: options,
    ...(check && { check_mode: true }),
    ...(diff && { diff: true }),
  };
}

/** Reads the registered result of a module's task, without the keys that Ansible adds. */
function moduleResult(adds: readonly string[]) {
  return (registered: Registered) => {
    const { failed, ...rest } = registered;
    const own = Object.entries(rest).filter(([key]) => !adds.includes(key));
    return {
      answer: Object.fromEntries([...own, ...(failed ? [['failed', true]] : [])]) as Answer,
    };
  };
}
