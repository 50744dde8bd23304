/** The emulator's types of the API's requests and answers. None of them is shared with src. */

export const ASSOCIATION_TYPES = [
  'command',
  'policy',
  'policy_group',
  'user',
  'user_group',
] as const;
export type AssociationType = (typeof ASSOCIATION_TYPES)[number];

/** The types of an organisation's objects other than systems. */
export type ObjectType = AssociationType | 'system_group';

/** The properties of an object that an administrator sees, apart from its type and id. */
export interface Description {
  /** For a user, the username. */
  readonly name: string;
  /** Users only. */
  readonly email: string;
  /** System and user groups only: whether the group is dynamic or static. */
  readonly membershipMethod: MembershipMethod;
  /**
   * The status when a system joins or leaves this dynamic group. By default, `Behaviour` decides.
   */
  readonly refusal?: 400 | 403 | 204;
}
export type MembershipMethod =
  | 'NOTSET'
  | 'STATIC'
  | 'DYNAMIC_REVIEW_REQUIRED'
  | 'DYNAMIC_AUTOMATED';

export interface SudoAttributes {
  sudo: { enabled: boolean; withoutPassword: boolean };
}
export type EdgeAttributes = SudoAttributes | undefined;

/** A system's record. Only the named fields have a meaning in the emulator. */
export interface SystemRecord {
  _id: string;
  id: string;
  displayName: string;
  hostname: string;
  description?: string;
  allowSshRootLogin: boolean;
  allowSshPasswordAuthentication: boolean;
  allowPublicKeyAuthentication: boolean;
  allowMultiFactorAuthentication: boolean;
  attributes: { name: string; value: string }[];
  primarySystemUser: { id: string | null };
  created: string;
  provisionMetadata: { provisioner: { type: string } };
  [field: string]: unknown;
}

/** A request and its outcome. */
export interface LoggedRequest {
  readonly method: string;
  /** The path and query, exactly as received. */
  readonly url: string;
  /** The status, or 0 if the connection was cut without an answer. */
  status: number;
  readonly body: unknown;
  readonly systemId: string | undefined;
  /** The client's port, from which its process can be found. */
  readonly clientPort: number | undefined;
  readonly authorization: string | undefined;
  /** Whether the request had a signature, valid or not. */
  readonly signed: boolean;
  /** The value of `x-api-key` in an administrator's request. */
  readonly apiKey: string | undefined;
  readonly orgId: string | undefined;
  readonly startedAt: number;
  endedAt: number;
  fault?: string;
}

/** An answer before it is sent. */
export interface HttpAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
