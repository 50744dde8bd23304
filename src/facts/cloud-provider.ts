import type { Fact } from './fact.ts';
import type { MetadataService } from './metadata-service.ts';

/** A cloud whose instances read facts about themselves from a metadata service. */
export interface CloudProvider {
  /** The value of `cloud.provider`, which is cloud-init's name of the cloud. */
  readonly name: 'aws' | 'gce' | 'azure';
  /** The name of its metadata service, for messages. */
  readonly service: string;
  /**
   * Reads a fact. The answer may be that the fact does not exist.
   * @throws MetadataError when the service does not answer
   */
  readFact(name: string): Promise<Fact>;
  /**
   * Reads the names of this instance's tags.
   * @throws MetadataError when the service does not answer
   */
  readTagNames(): Promise<readonly string[]>;
}

/** Creates a cloud's provider. */
export type CloudProviderClass = new (service: MetadataService) => CloudProvider;
