import type { Fact } from './fact.ts';
import type { MetadataService } from './metadata-service.ts';

/** A cloud, as far as its instances can ask it about themselves. */
export interface CloudProvider {
  /** `cloud.provider`, by cloud-init's name. */
  readonly name: 'aws' | 'gce' | 'azure';
  /** Reads facts from its metadata service. A tag that does not exist is an answer, too. */
  readFacts(
    facts: readonly string[],
    service: MetadataService,
  ): Promise<ReadonlyMap<string, MetadataFact>>;
  /** Returns the names of this instance's tags; undefined when the service does not say. */
  readTagNames(service: MetadataService): Promise<readonly string[] | undefined>;
}

/** A fact by a metadata service; `isAnswered` when the service itself says that there is none. */
export type MetadataFact = Fact & { readonly isAnswered: boolean };

/** Returns the failure of a fact that the service did not answer. */
export function unanswered(service: string, error: unknown): MetadataFact {
  return { reason: `${service}: ${(error as Error).message}`, isAnswered: false };
}
