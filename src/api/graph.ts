import * as z from 'zod/mini';
import { type ModuleError, NotFound, Rejected } from '../base/errors.ts';
import type { HostSession } from '../transport/host-session.ts';
import { statusText } from '../transport/http/status-text.ts';
import type { Request } from '../transport/request.ts';
import { isGoneStatus, isJumpCloudError } from './gone-status.ts';
import { type PageRequest, readPages } from './pagination.ts';
import {
  nullableList,
  objectId,
  parseAnswer,
  totalCount,
  unexpectedResponse,
} from './parse-answer.ts';
import { refusalError, serverMessage } from './refusal-error.ts';

/** What an edge to a user or user group grants. Without password only ever with sudo. */
export interface Sudo {
  readonly sudo: boolean;
  readonly sudo_without_password: boolean;
}

export const NO_SUDO: Sudo = { sudo: false, sudo_without_password: false };

/** A write to the graph. Without `sudo` an added edge carries no attributes. */
export type EdgeChange =
  | { readonly op: 'add'; readonly id: string; readonly sudo?: Sudo }
  | { readonly op: 'update'; readonly id: string; readonly sudo: Sudo }
  | { readonly op: 'remove'; readonly id: string };

/**
 * What came of a write: `done` when this run's request did it, `conflict` when the graph was not
 * as expected, because somebody else had just done the same or the contrary, or a refusal of this
 * very edge.
 */
export type WriteOutcome = 'done' | 'conflict' | EdgeRefusal;

/** JumpCloud's refusal of one edge, which says nothing about others. */
export interface EdgeRefusal {
  readonly status: number;
  /** JumpCloud's own words, or the status where it gave none. */
  readonly message: string;
  /** Whether an attempt before the refused one may have been carried out. */
  readonly inDoubt: boolean;
  readonly error: ModuleError;
}

const flag = z.optional(z.nullable(z.boolean()));

/** Attributes of an edge, as far as they are read: null, missing and empty are alike. */
export const edgeAttributes = z.optional(
  z.nullable(
    z.object({
      sudo: z.optional(z.nullable(z.object({ enabled: flag, withoutPassword: flag }))),
    }),
  ),
);

/** The sudo that an edge's attributes grant. */
export function sudoOf(attributes: z.output<typeof edgeAttributes>): Sudo {
  const sudo = attributes?.sudo?.enabled ?? false;
  return { sudo, sudo_without_password: sudo && (attributes?.sudo?.withoutPassword ?? false) };
}

/** A graph object, as it stands in lists and paths. What else it has is dropped: lists are long. */
export const graphObject = z.object({ type: z.string(), id: objectId });

/**
 * Reads one of this host's lists, all pages.
 * @throws UnexpectedResponse also when a page holds another type, or an entry twice differently
 */
export async function readGraphList<T extends z.ZodMiniType<{ type: string; id: string }>>(
  session: HostSession,
  list: { name: string; path: string; type: string; shape: T },
): Promise<z.output<T>[]> {
  const separator = list.path.includes('?') ? '&' : '?';
  const readPage = async ({ limit, skip }: PageRequest) => {
    const request: Request = {
      method: 'GET',
      path: `/api/v2/systems/${session.identity.systemId}/${list.path}${separator}limit=${limit}&skip=${skip}`,
      purpose: `read the ${list.name} of system ${session.identity.systemId}`,
    };
    const reply = await session.send(request);
    const entries = parseAnswer(session, request, reply, nullableList(list.shape));
    const problem = foreignEntryIn(entries, list) ?? contradictionIn(entries);
    if (problem !== undefined) throw unexpectedResponse(session, request, problem);
    return { entries, total: totalCount(reply.headers['x-total-count']) };
  };
  return readPages({ name: list.name, readPage, keyOf: ({ id }) => id, onChange: 'restart' });
}

type Entry = { type: string; id: string };

function foreignEntryIn(page: Entry[], list: { name: string; type: string }): string | undefined {
  const foreign = page.find(({ type }) => type !== list.type);
  if (foreign === undefined) return undefined;
  // The other side could put anything there.
  const type = /^\w{1,40}$/.test(foreign.type) ? foreign.type : 'stranger';
  return `it lists a ${type} among ${list.name}`;
}

/** The same entry twice is harmless; of two that differ nobody knows which one is true. */
function contradictionIn(page: Entry[]): string | undefined {
  const seen = new Map<string, string>();
  for (const entry of page) {
    const text = JSON.stringify(entry);
    if ((seen.get(entry.id) ?? text) !== text) return `it lists ${entry.id} twice, differently`;
    seen.set(entry.id, text);
  }
  return undefined;
}

/** Writes one edge. Throws what concerns the whole run; a refusal of the request does not. */
export async function writeEdge(
  session: HostSession,
  op: EdgeChange['op'],
  request: Omit<Request, 'method'>,
): Promise<WriteOutcome> {
  const post: Request = { method: 'POST', ...request };
  const reply = await session.send(post);
  const { status, inDoubt } = reply;
  if (status >= 200 && status < 300) return 'done';
  const error = refusalError(session, post, reply);
  if (isGoneStatus(status) && !isJumpCloudError(reply)) throw error;
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
