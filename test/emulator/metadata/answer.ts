import type { IncomingMessage } from 'node:http';

/** What a metadata service answers. */
export interface MetadataAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Answers a request as a cloud does. */
export type AnswerRequest = (request: IncomingMessage) => MetadataAnswer;
