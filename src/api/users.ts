import * as z from 'zod/mini';
import type { HostSession } from '../transport/host-session.ts';
import {
  edgeAttributesSchema,
  graphObjectSchema,
  readGraphList,
  type Sudo,
  sudoOf,
} from './graph.ts';

/** The objects on a path from this host to a user. The user is the last object. */
export type AccessPath = readonly { readonly type: string; readonly id: string }[];

/** A user who may log in to this host. */
export interface BoundUser extends Sudo {
  readonly id: string;
  /** Whether the user is bound directly to this host; null if JumpCloud reports no paths. */
  readonly direct: boolean | null;
  readonly paths: readonly AccessPath[];
}

const boundUserSchema = z.object({
  ...graphObjectSchema.shape,
  compiledAttributes: edgeAttributesSchema,
  paths: z.optional(z.nullable(z.array(z.array(z.object({ to: graphObjectSchema }))))),
});

/** Describes the list of the users bound to this host. */
export const USER_LIST = { name: 'users', path: 'users', type: 'user', shape: boundUserSchema };

/**
 * Reads the users bound to this host, directly or through groups. JumpCloud computes a user's sudo
 * from all paths to the user.
 */
export async function readUsers(session: HostSession): Promise<BoundUser[]> {
  const users = await readGraphList(session, USER_LIST);
  return users.map(({ id, compiledAttributes, paths }) => ({
    id,
    direct: paths?.length ? paths.some((path) => path.length === 1) : null,
    ...sudoOf(compiledAttributes),
    paths: (paths ?? []).map((path) => path.map(({ to }) => ({ type: to.type, id: to.id }))),
  }));
}
