import { CloudInit } from './cloud-init.ts';
import type { CloudProvider } from './cloud-provider.ts';
import { providerByDmi } from './dmi.ts';
import { type Fact, TAG } from './fact.ts';
import { MetadataError, MetadataService } from './metadata-service.ts';

/** A fact from a metadata service. `isAnswered` is also true when the service has no such fact. */
type MetadataFact = Fact & { readonly isAnswered: boolean };

/**
 * Reads `cloud.*` facts. Facts that are fixed for an instance's life come from cloud-init's file, and
 * from the metadata service only if the file lacks them. Tags change, and cloud-init's file is
 * written at boot: for tags, the metadata service is asked first.
 */
export class Cloud {
  readonly #cloudInit = new CloudInit();
  readonly #provider: CloudProvider | undefined;

  constructor(signal: AbortSignal) {
    const Provider = providerByDmi();
    this.#provider = Provider && new Provider(new MetadataService(signal));
  }

  /** Reads facts in parallel. */
  async facts(names: readonly string[]): Promise<ReadonlyMap<string, Fact>> {
    const facts = names.map(async (name) => [name, await this.#fact(name)] as const);
    return new Map(await Promise.all(facts));
  }

  /** Returns the names of this instance's tags, sorted. */
  async tagNames(): Promise<readonly string[]> {
    return [...(await this.#tagNames())].sort();
  }

  async #fact(name: string): Promise<Fact> {
    const written = this.#cloudInit.fact(name);
    const isTag = name.startsWith(TAG);
    if ('value' in written && !isTag) return written;
    if (name === 'cloud.provider' && this.#provider !== undefined) {
      return { value: this.#provider.name };
    }
    const { isAnswered, ...asked } = await this.#ask(name);
    if ('value' in asked || (isTag && isAnswered)) return asked;
    if ('value' in written) return written;
    const reasons = [written.reason, asked.reason];
    return { reason: (isTag ? reasons.reverse() : reasons).join('; ') };
  }

  async #ask(name: string): Promise<MetadataFact> {
    if (this.#provider === undefined) {
      return { reason: "the machine's DMI strings name no known cloud", isAnswered: false };
    }
    try {
      return { ...(await this.#provider.readFact(name)), isAnswered: true };
    } catch (error) {
      if (!(error instanceof MetadataError)) throw error;
      return { reason: `${this.#provider.service} ${error.message}`, isAnswered: false };
    }
  }

  async #tagNames(): Promise<readonly string[]> {
    try {
      return (await this.#provider?.readTagNames()) ?? this.#cloudInit.tagNames();
    } catch (error) {
      if (!(error instanceof MetadataError)) throw error;
      return this.#cloudInit.tagNames();
    }
  }
}
