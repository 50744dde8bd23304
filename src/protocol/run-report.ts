import { maskSecrets } from '../base/mask-secrets.ts';
import type { AcceptedWrite, LoggedWrite, Reporter } from '../run.ts';

/** Collects the data that a run reports in addition to its outcome. */
export class RunReport implements Reporter {
  /** Shows nothing by default. Replaced when progress output is allowed. */
  showWait: Reporter['showWait'] = () => () => {};
  readonly #warnings = new Set<string>();
  readonly #secrets = new Set<string | RegExp>();
  readonly #writes: AcceptedWrite[] = [];
  #systemId: string | undefined;
  #facts: Readonly<Record<string, unknown>> | undefined;
  #api: (() => Readonly<Record<string, unknown>>) | undefined;
  #writeLog: ((writes: readonly LoggedWrite[]) => Promise<void>) | undefined;
  #progress: () => Readonly<Record<string, unknown>> = () => ({});

  warn(sentence: string): void {
    this.#warnings.add(sentence);
  }

  setSystemId(systemId: string): void {
    this.#systemId = systemId;
  }

  setFacts(facts: Readonly<Record<string, unknown>>): void {
    this.#facts = facts;
  }

  setApiReport(api: () => Readonly<Record<string, unknown>>): void {
    this.#api = api;
  }

  setProgress(fields: () => Readonly<Record<string, unknown>>): void {
    this.#progress = fields;
  }

  recordWrite(write: AcceptedWrite): void {
    this.#writes.push(write);
  }

  setWriteLog(log: (writes: readonly LoggedWrite[]) => Promise<void>): void {
    this.#writeLog = log;
  }

  addSecret(secret: string | RegExp): void {
    this.#secrets.add(secret);
  }

  maskSecrets(text: string): string {
    return maskSecrets(text, this.#secrets);
  }

  /** Returns a copy of a value with all secrets masked, in strings and keys. */
  concealIn<T>(value: T): T {
    return JSON.parse(this.maskSecrets(JSON.stringify(value)));
  }

  /** The result fields that report the work done before a failure. */
  get progress(): Readonly<Record<string, unknown>> {
    return this.#progress();
  }

  /** Logs the recorded writes. Ignores a failure of the log. */
  async logWrites(nameOf: (id: string) => string | undefined): Promise<void> {
    if (this.#writes.length === 0) return;
    const systemId = this.#systemId;
    const writes = this.#writes.map((write) => ({
      ...write,
      systemId,
      name: write.name ?? (write.id && nameOf(write.id)),
    }));
    await this.#writeLog?.(writes).catch(() => {});
  }

  /** Returns the result fields that successful and failed runs share. */
  commonFields({ withApi }: { withApi: boolean }): Readonly<Record<string, unknown>> {
    return {
      ...(this.#systemId !== undefined && { system_id: this.#systemId }),
      ...(this.#facts !== undefined && { facts: this.#facts }),
      warnings: [...this.#warnings],
      ...(withApi && this.#api !== undefined && { api: this.#api() }),
    };
  }
}
