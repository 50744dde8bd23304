import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import type { MetadataHandler } from './metadata/answer.ts';
import { azureHandler } from './metadata/azure.ts';
import { ec2Handler } from './metadata/ec2.ts';
import { googleHandler } from './metadata/google.ts';

/** Returns the status of an answer. */
function statusOf(
  answer: MetadataHandler,
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): number {
  return answer({ method, url, headers } as unknown as IncomingMessage).status;
}

const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_PATH = '/latest/api/token';
const ID_PATH = '/latest/meta-data/instance-id';

test("EC2's service refuses requests without a session token that it issued", () => {
  const answer = ec2Handler(undefined);
  const request = { method: 'PUT', url: TOKEN_PATH, headers: { [TTL_HEADER]: '60' } };
  const { body: token = '' } = answer(request as unknown as IncomingMessage);
  expect(statusOf(answer, ID_PATH)).toBe(401);
  expect(statusOf(answer, ID_PATH, { 'x-aws-ec2-metadata-token': 'other' })).toBe(401);
  expect(statusOf(answer, ID_PATH, { 'x-aws-ec2-metadata-token': token })).toBe(200);
});

test("EC2's service issues a session token only for a PUT request that states the token's lifetime", () => {
  const answer = ec2Handler(undefined);
  expect(statusOf(answer, TOKEN_PATH, { [TTL_HEADER]: '60' }, 'PUT')).toBe(200);
  expect(statusOf(answer, TOKEN_PATH, {}, 'PUT')).toBe(400);
  expect(statusOf(answer, TOKEN_PATH, { [TTL_HEADER]: '21601' }, 'PUT')).toBe(400);
  expect(
    statusOf(answer, TOKEN_PATH, { [TTL_HEADER]: '60', 'x-forwarded-for': '10.0.0.1' }, 'PUT'),
  ).toBe(403);
});

test("Google's metadata service refuses requests without the header `Metadata-Flavor`", () => {
  const url = '/computeMetadata/v1/instance/id';
  expect(statusOf(googleHandler(), url)).toBe(403);
  expect(statusOf(googleHandler(), url, { 'metadata-flavor': 'Google' })).toBe(200);
});

test("Azure's metadata service refuses requests without the header `Metadata`, and requests with an old `api-version`", () => {
  const url = '/metadata/instance/compute?api-version=';
  expect(statusOf(azureHandler(), `${url}2019-06-04`)).toBe(400);
  expect(statusOf(azureHandler(), `${url}2019-06-01`, { metadata: 'true' })).toBe(400);
  expect(statusOf(azureHandler(), `${url}2019-06-04`, { metadata: 'true' })).toBe(200);
});
