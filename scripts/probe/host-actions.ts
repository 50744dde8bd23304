import type { Answer, Client, Exchange } from './client.ts';
import type { ProbeRequest } from './permission.ts';
import { UnansweredQuestion } from './unanswered-question.ts';

/** A list of this host's edges, as in the path of a request. */
export type EdgeList = 'memberof' | 'users' | 'associations?targets=user';

type EdgeOp = 'add' | 'remove' | 'update';

/** Returns the request with which this host joins or leaves a group. */
export function membershipRequest(
  systemId: string,
  op: 'add' | 'remove',
  groupId: string,
): ProbeRequest {
  const path = `/api/v2/systemgroups/${groupId}/members`;
  return { actor: 'host', method: 'POST', path, body: { op, type: 'system', id: systemId } };
}

/** Returns the request with which this host changes its edge to a user. */
export function userEdgeRequest(
  systemId: string,
  op: EdgeOp,
  userId: string,
  attributes?: object,
): ProbeRequest {
  const path = `/api/v2/systems/${systemId}/associations`;
  const body = { op, type: 'user', id: userId, ...(attributes && { attributes }) };
  return { actor: 'host', method: 'POST', path, body };
}

/** Returns the request with which this host changes its record. */
export function recordChangeRequest(systemId: string, body: object): ProbeRequest {
  return { actor: 'host', method: 'PUT', path: `/api/systems/${systemId}`, body };
}

/** Returns the request with which this host reads its record. */
export function recordReadRequest(systemId: string): ProbeRequest {
  return { actor: 'host', method: 'GET', path: `/api/systems/${systemId}` };
}

/** Reads this host's record. */
export async function readRecord(client: Client): Promise<Record<string, unknown>> {
  const { status, body } = await client.send(recordReadRequest(client.systemId));
  if (status !== 200)
    throw new UnansweredQuestion(`the record could not be read (status ${status})`);
  return Object(body);
}

/** A page of a list of edges. */
export interface EdgePage {
  readonly entries: readonly Record<string, unknown>[];
  readonly ids: readonly string[];
  readonly total: number | undefined;
}

/** Reads a page of a list of this host's edges. */
export async function readPage(
  client: Client,
  list: EdgeList,
  limit: number,
  skip: number,
): Promise<EdgePage> {
  const separator = list.includes('?') ? '&' : '?';
  const path = `/api/v2/systems/${client.systemId}/${list}${separator}limit=${limit}&skip=${skip}`;
  const { status, body, headers } = await client.send({ actor: 'host', method: 'GET', path });
  if (status !== 200 || !(body === null || Array.isArray(body))) {
    throw new UnansweredQuestion(`a list could not be read (status ${status})`);
  }
  const entries = (body ?? []).map(Object);
  const ids = entries.map(({ id, to }: Record<string, unknown>) => String(Object(to).id ?? id));
  const total = /^\d+$/.test(headers['x-total-count'] ?? '')
    ? Number(headers['x-total-count'])
    : undefined;
  return { entries, ids, total };
}

/** Reads the first 100 entries of a list and returns whether an object is among them. */
export async function isListed(client: Client, list: EdgeList, id: string): Promise<boolean> {
  return (await readPage(client, list, 100, 0)).ids.includes(id);
}

/**
 * Reads until a condition holds, for at most `maxMs` milliseconds. Returns the time at which the
 * read that finds it true started, in milliseconds after the first read. Returns undefined if no
 * read finds it true.
 */
export async function measureTimeUntil(
  client: Client,
  holds: () => Promise<boolean>,
  maxMs: number,
): Promise<number | undefined> {
  const start = performance.now();
  let delayMs = 100;
  for (let reads = 1; ; reads++) {
    const elapsed = performance.now() - start;
    if (await holds()) return reads === 1 ? 0 : Math.round(elapsed);
    if (elapsed >= maxMs) return undefined;
    await client.wait(Math.min(delayMs, maxMs - elapsed + 1));
    delayMs = Math.min(delayMs * 1.5, 2000);
  }
}

/**
 * Returns the status of an answer.
 * @throws UnansweredQuestion if no answer arrived, or if an earlier attempt may have taken effect
 */
export function requireClearStatus(answer: Answer | Exchange): number {
  if (answer.status === 0 || ('inDoubt' in answer && answer.inDoubt)) {
    throw new UnansweredQuestion('a request had to be repeated, so its answer says nothing');
  }
  return answer.status;
}

/** Returns whether a status reports success. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
