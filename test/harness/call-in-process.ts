import { Readable } from 'node:stream';
import type { Module } from '../../src/module.ts';
import { MODULES, type ModuleName } from '../../src/modules.ts';
import { type CallIo, type CallOutput, callModule } from '../../src/protocol/call-module.ts';

/**
 * Input and output for a call without a terminal. Its stdin is empty, its promise `crash` never
 * settles, and it shows no progress.
 */
const QUIET_IO: Omit<CallIo, 'signal'> = {
  help: () => 'HELP',
  stdin: () => Readable.from([]),
  isTerminal: async () => false,
  crash: new Promise<never>(() => {}),
  showWait: () => () => {},
};

/** Calls a module as its executable does, but in this process. */
export function callInProcess(
  module: Module,
  words: readonly string[],
  io: Partial<CallIo> = {},
): Promise<CallOutput> {
  const { signal } = new AbortController();
  return callModule(module, words, { ...QUIET_IO, signal, ...io });
}

/** Returns the module with this name. */
export function moduleNamed(name: ModuleName): Module {
  const module: Module | undefined = MODULES.find((one) => one.name === name);
  if (module === undefined) throw new Error(`there is no module ${name}`);
  return module;
}
