import type { IncomingMessage } from 'node:http';

/** The answer of a metadata service. */
export interface MetadataAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Answers a request as a cloud's metadata service does. */
export type MetadataHandler = (request: IncomingMessage) => MetadataAnswer;
