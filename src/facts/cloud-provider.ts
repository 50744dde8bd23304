import type { Fact } from './fact.ts';
import type { MetadataService } from './metadata-service.ts';

/** A cloud that has a metadata service for its instances. */
export interface CloudProvider {
  /** The cloud's name, as cloud-init spells it. It is the value of the fact `cloud.provider`. */
  readonly name: 'aws' | 'gce' | 'azure';
  /** The name of the metadata service, for messages. */
  readonly service: string;
  /**
   * Reads a fact. Returns a reason if the fact does not exist.
   * @throws MetadataError when the service does not answer
   */
  readFact(name: string): Promise<Fact>;
  /**
   * Reads the names of this instance's tags.
   * @throws MetadataError when the service does not answer
   */
  readTagNames(): Promise<readonly string[]>;
}

/** The constructor of a cloud provider. */
export type CloudProviderClass = new (service: MetadataService) => CloudProvider;
