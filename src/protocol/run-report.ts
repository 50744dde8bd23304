import { conceal } from '../base/conceal.ts';
import type { Reporter } from '../run.ts';

/** Gathers what a run tells, for its result. */
export class RunReport implements Reporter {
  /** Says nothing until it is known that the caller can bear it. */
  showWait: Reporter['showWait'] = () => () => {};
  readonly #warnings = new Set<string>();
  readonly #secrets = new Set<string>();
  #systemId: string | undefined;
  #facts: Readonly<Record<string, unknown>> | undefined;
  #api: (() => Readonly<Record<string, unknown>>) | undefined;
  #done: () => Readonly<Record<string, unknown>> = () => ({});

  warn(sentence: string): void {
    this.#warnings.add(sentence);
  }

  setSystemId(systemId: string): void {
    this.#systemId = systemId;
  }

  setFacts(facts: Readonly<Record<string, unknown>>): void {
    this.#facts = facts;
  }

  setApi(api: () => Readonly<Record<string, unknown>>): void {
    this.#api = api;
  }

  setProgress(fields: () => Readonly<Record<string, unknown>>): void {
    this.#done = fields;
  }

  addSecret(secret: string): void {
    this.#secrets.add(secret);
  }

  conceal(text: string): string {
    return conceal(text, this.#secrets);
  }

  /** What had been written when a run failed. */
  get progress(): Readonly<Record<string, unknown>> {
    return this.#done();
  }

  /** The fields that every result has, whatever came of the run. */
  fields({ withApi }: { withApi: boolean }): Readonly<Record<string, unknown>> {
    return {
      ...(this.#systemId !== undefined && { system_id: this.#systemId }),
      ...(this.#facts !== undefined && { facts: this.#facts }),
      warnings: [...this.#warnings],
      ...(withApi && this.#api !== undefined && { api: this.#api() }),
    };
  }
}
