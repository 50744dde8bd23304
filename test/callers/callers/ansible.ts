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

/** A task's result, as its keyword `register` stores it. */
export type RegisteredResult = Record<string, unknown>;

/** A way in which Ansible calls modules: how it connects to a host, and how the task is written. */
export interface AnsibleWay extends Omit<Caller, 'start' | 'hides'> {
  /** The directory that modules see as the root of the file system. By default, it is `/`. */
  readonly root?: string;
  /** Returns the inventory variables of all hosts. */
  readonly variables: (bed: TestBed, controller: Controller) => Promise<object>;
  readonly env?: Readonly<Record<string, string>>;
  /** Returns the task for a call. By default, the action of the task is the module. */
  readonly task?: (call: Call, controller: Controller) => object;
  /**
   * Returns the module's result from a registered result. By default, removes the keys that Ansible
   * added.
   */
  readonly read?: (registered: RegisteredResult) => Omit<Observation, 'seconds'>;
  /** Further keys that Ansible adds to the registered result when it calls a module in this way. */
  readonly adds?: readonly string[];
}

/**
 * Keys that Ansible adds to a module's result. Since 2.19, failed results have `exception`. In
 * 2.22, all results have `ansible_parsed`.
 */
const ADDED_KEYS = ['exception', 'ansible_parsed'];

/** Keys of a module's result that Ansible prints, but leaves out of the registered result. */
const HIDDEN_KEYS = ['invocation', 'warnings'];

/** Returns a caller that makes all calls in one play. Each call is a task on a separate host. */
export function ansibleCaller(way: AnsibleWay): Caller {
  const { root } = way;
  return {
    ...way,
    needs: ['ansible-playbook', ...(way.needs ?? [])],
    ...(way.read === undefined && { hides: HIDDEN_KEYS }),
    async start(bed) {
      const controller = await bed.controller();
      const variables = await way.variables(bed, controller);
      return {
        ...(root !== undefined && { root }),
        call: (calls) => runPlay(way, controller, variables, calls),
      };
    },
  };
}

async function runPlay(
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
    await put(`${call.id}.yml`, [registering, SHOW_TASK]);
  }
  const hosts = Object.fromEntries(calls.map(({ id }) => [id, {}]));
  const inventory = await put('hosts.yml', { all: { vars: variables, hosts } });
  const playbook = await put('playbook.yml', [
    { hosts: 'all', strategy: 'free', gather_facts: false, tasks: [INCLUDE_TASK] },
  ]);
  const since = Date.now();
  const { output } = await controller.playbook(playbook, {
    flags: ['-i', inventory, '--forks', String(calls.length)],
    ...(way.env && { env: way.env }),
  });
  const shown = readShownResults(output);
  const read = way.read ?? moduleResult([...ADDED_KEYS, ...(way.adds ?? [])]);
  return new Map(
    calls.map(({ id }) => {
      const entry = shown.get(id);
      if (entry === undefined) return [id, new Error(`Ansible showed no answer:\n${output}`)];
      const seconds = secondsSince(since, entry.at * 1000);
      return [id, observationOrError(() => ({ ...read(entry.registered), seconds }))];
    }),
  );
}

const INCLUDE_TASK = { 'ansible.builtin.include_tasks': '{{ inventory_hostname }}.yml' };

/** A task that prints the registered result and the time, without a connection to the host. */
const SHOW_TASK = {
  'ansible.builtin.debug': {
    msg: "{{ {'registered': answer, 'at': now(utc=true).timestamp()} | to_json | b64encode }}",
  },
};

function readShownResults(
  output: string,
): Map<string, { registered: RegisteredResult; at: number }> {
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

/** Returns a function that removes Ansible's keys from a registered result. */
function moduleResult(adds: readonly string[]) {
  return (registered: RegisteredResult) => {
    const { failed, ...rest } = registered;
    const own = Object.entries(rest).filter(([key]) => !adds.includes(key));
    return {
      answer: Object.fromEntries([...own, ...(failed ? [['failed', true]] : [])]) as Answer,
    };
  };
}
