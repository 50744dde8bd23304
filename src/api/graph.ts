import * as z from 'zod/mini';
import { type ModuleError, NotFound, Rejected } from '../base/errors.ts';
import type { HostSession } from '../transport/host-session.ts';
import { statusText } from '../transport/http/status-text.ts';
import type { Request } from '../transport/request.ts';
import { canMeanGone, isJumpCloudError, MISSING_RECORD_ADVICE } from './gone-status.ts';
import { type Page, type PageRequest, readPages } from './pagination.ts';
import {
  nullableListSchema,
  objectIdSchema,
  parseAnswer,
  parseTotalCount,
  unexpectedResponse,
} from './parse-answer.ts';
import { refusalError, serverMessage } from './refusal-error.ts';

/**
 * The sudo that an edge to a user or user group grants. If `sudo` is false, so is
 * `sudo_without_password`.
 */
export interface Sudo {
  readonly sudo: boolean;
  readonly sudo_without_password: boolean;
}

export const NO_SUDO: Sudo = { sudo: false, sudo_without_password: false };

/** A change of one edge. An edge that is added without `sudo` gets no attributes. */
export type EdgeChange =
  | { readonly op: 'add'; readonly id: string; readonly sudo?: Sudo }
  | { readonly op: 'update'; readonly id: string; readonly sudo: Sudo }
  | { readonly op: 'remove'; readonly id: string };

/**
 * The outcome of a write:
 * - `done`: a request of this run made the change
 * - `conflict`: someone else changed the same edge in the meantime
 * - an EdgeRefusal: JumpCloud refused the change
 */
export type WriteOutcome = 'done' | 'conflict' | EdgeRefusal;

/** JumpCloud's refusal of one edge. Other edges may still be accepted. */
export interface EdgeRefusal {
  readonly status: number;
  /** JumpCloud's message, or the text of the HTTP status if the answer has no message. */
  readonly message: string;
  /** Whether an earlier attempt may have taken effect, although the last one was refused. */
  readonly inDoubt: boolean;
  readonly error: ModuleError;
}

const optionalBoolean = z.optional(z.nullable(z.boolean()));

/** The schema of the attributes of an edge. Null, missing and empty attributes mean the same. */
export const edgeAttributesSchema = z.optional(
  z.nullable(
    z.object({
      sudo: z.optional(
        z.nullable(z.object({ enabled: optionalBoolean, withoutPassword: optionalBoolean })),
      ),
    }),
  ),
);

/** Returns the sudo that the attributes of an edge grant. */
export function sudoOf(attributes: z.output<typeof edgeAttributesSchema>): Sudo {
  const sudo = attributes?.sudo?.enabled ?? false;
  return { sudo, sudo_without_password: sudo && (attributes?.sudo?.withoutPassword ?? false) };
}

/**
 * The schema of a graph object in lists and paths. Drops all other fields, because lists are long.
 */
export const graphObjectSchema = z.object({ type: z.string(), id: objectIdSchema });

/**
 * Describes one of this host's lists of graph objects: its endpoint and its entries' type and
 * schema.
 */
export interface GraphList<T extends EntrySchema = EntrySchema> {
  /** The name of the list. In messages, it completes "read the …". */
  readonly name: string;
  readonly path: string;
  /** The type of all entries. */
  readonly type: string;
  readonly shape: T;
}

type EntrySchema = z.ZodMiniType<{ type: string; id: string }>;

/**
 * Reads all pages of one of this host's lists.
 * @throws UnexpectedResponse when the answer is invalid, contains an entry of the wrong type, or
 * contains two different entries with the same id
 */
export function readGraphList<T extends EntrySchema>(
  session: HostSession,
  list: GraphList<T>,
): Promise<z.output<T>[]> {
  return readPages({
    name: list.name,
    readPage: (page) => readGraphPage(session, list, page),
    keyOf: ({ id }) => id,
    onChange: 'restart',
  });
}

/** Reads one page of one of this host's lists. Throws the same errors as `readGraphList`. */
export async function readGraphPage<T extends EntrySchema>(
  session: HostSession,
  list: GraphList<T>,
  { limit, skip }: PageRequest,
): Promise<Page<z.output<T>>> {
  const separator = list.path.includes('?') ? '&' : '?';
  const request: Request = {
    method: 'GET',
    path: `/api/v2/systems/${session.identity.systemId}/${list.path}${separator}limit=${limit}&skip=${skip}`,
    adviceFor404: MISSING_RECORD_ADVICE,
    purpose: `read the ${list.name} of system ${session.identity.systemId}`,
  };
  const reply = await session.send(request);
  const entries = parseAnswer(session, request, reply, nullableListSchema(list.shape));
  const problem = describeForeignEntry(entries, list) ?? findContradiction(entries);
  if (problem !== undefined) throw unexpectedResponse(session, request, problem);
  return { entries, total: parseTotalCount(reply.headers['x-total-count']) };
}

type Entry = { type: string; id: string };

function describeForeignEntry(
  page: Entry[],
  list: { name: string; type: string },
): string | undefined {
  const foreignEntry = page.find(({ type }) => type !== list.type);
  if (foreignEntry === undefined) return undefined;
  // The server may send any text as the type, so only a plain word is quoted.
  const type = /^\w{1,40}$/.test(foreignEntry.type) ? foreignEntry.type : 'foreign object';
  return `it lists a ${type} among ${list.name}`;
}

/**
 * Describes the first id that a page lists twice with different contents; undefined if there is
 * none. Two identical entries are harmless.
 */
function findContradiction(page: Entry[]): string | undefined {
  const textById = new Map<string, string>();
  for (const entry of page) {
    const text = JSON.stringify(entry);
    if ((textById.get(entry.id) ?? text) !== text)
      return `it lists ${entry.id} twice with different contents`;
    textById.set(entry.id, text);
  }
  return undefined;
}

/**
 * Writes one edge. If JumpCloud's refusal concerns only this edge, returns it. Throws errors that
 * concern the whole run.
 */
export async function writeEdge(
  session: HostSession,
  op: EdgeChange['op'],
  request: Omit<Request, 'method'>,
): Promise<WriteOutcome> {
  const postRequest: Request = { method: 'POST', ...request };
  const reply = await session.send(postRequest);
  const { status, inDoubt } = reply;
  if (status >= 200 && status < 300) return 'done';
  const error = refusalError(session, postRequest, reply);
  if (canMeanGone(status) && !isJumpCloudError(reply)) throw error;
  if (op === 'add' && status === 409) return inDoubt ? 'done' : 'conflict';
  if (op === 'remove' && status === 404) return inDoubt ? 'done' : 'conflict';
  if (op === 'update' && status === 404) return 'conflict';
  if (!(error instanceof Rejected || error instanceof NotFound)) throw error;
  return {
    status,
    error,
    inDoubt,
    message: serverMessage(session, reply.body) ?? statusText(status),
  };
}
