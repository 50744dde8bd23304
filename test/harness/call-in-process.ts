import { Readable } from 'node:stream';
import type { Module } from '../../src/module.ts';
import { MODULES, type ModuleName } from '../../src/modules.ts';
import { type CallIo, type CallOutput, callModule } from '../../src/protocol/call-module.ts';

/** A process that nobody watches and nothing disturbs. */
const QUIET: Omit<CallIo, 'signal'> = {
  help: () => 'HELP',
  stdin: () => Readable.from([]),
  isTerminal: async () => false,
  crash: new Promise<never>(() => {}),
  showWait: () => () => {},
};

/** Calls a module as its executable is called, in this process. */
export function callInProcess(
  module: Module,
  words: readonly string[],
  io: Partial<CallIo> = {},
): Promise<CallOutput> {
  const { signal } = new AbortController();
  return callModule(module, words, { ...QUIET, signal, ...io });
}

/** The module of that name. */
export function moduleNamed(name: ModuleName): Module {
  const module: Module | undefined = MODULES.find((one) => one.name === name);
  if (module === undefined) throw new Error(`there is no module ${name}`);
  return module;
}
