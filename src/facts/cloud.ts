import { CloudInit } from './cloud-init.ts';
import type { CloudProvider } from './cloud-provider.ts';
import { detectProvider } from './dmi.ts';
import { type Fact, TAG_PREFIX } from './fact.ts';
import { MetadataError, MetadataService } from './metadata-service.ts';

/**
 * A fact from a metadata service. `isAnswered` is true if the service answered, even if its answer
 * lacks the fact.
 */
type MetadataFact = Fact & { readonly isAnswered: boolean };

/**
 * Reads `cloud.*` facts from cloud-init's file, or from the metadata service if the file lacks
 * them. For tags, the metadata service comes first, because tags may change after cloud-init writes
 * its file at boot.
 */
export class Cloud {
  readonly #cloudInit = new CloudInit();
  readonly #provider: CloudProvider | undefined;

  constructor(signal: AbortSignal) {
    const Provider = detectProvider();
    this.#provider = Provider && new Provider(new MetadataService(signal));
  }

  /** Reads facts in parallel. */
  async readFacts(names: readonly string[]): Promise<ReadonlyMap<string, Fact>> {
    const facts = names.map(async (name) => [name, await this.#readFact(name)] as const);
    return new Map(await Promise.all(facts));
  }

  /** Returns the names of this instance's tags, sorted. */
  async readTagNames(): Promise<readonly string[]> {
    return [...(await this.#readTagNames())].sort();
  }

  async #readFact(name: string): Promise<Fact> {
    const fileFact = this.#cloudInit.readFact(name);
    const isTag = name.startsWith(TAG_PREFIX);
    if ('value' in fileFact && !isTag) return fileFact;
    if (name === 'cloud.provider' && this.#provider !== undefined) {
      return { value: this.#provider.name };
    }
    const { isAnswered, ...serviceFact } = await this.#readFromService(name);
    if ('value' in serviceFact || (isTag && isAnswered)) return serviceFact;
    if ('value' in fileFact) return fileFact;
    const reasons = [fileFact.reason, serviceFact.reason];
    return { reason: (isTag ? reasons.reverse() : reasons).join('; ') };
  }

  async #readFromService(name: string): Promise<MetadataFact> {
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

  async #readTagNames(): Promise<readonly string[]> {
    try {
      return (await this.#provider?.readTagNames()) ?? this.#cloudInit.readTagNames();
    } catch (error) {
      if (!(error instanceof MetadataError)) throw error;
      return this.#cloudInit.readTagNames();
    }
  }
}
