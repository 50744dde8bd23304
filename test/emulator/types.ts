/** What the API is asked and answers with; the emulator's own words, shared by nothing in src. */

export const ASSOCIATION_TYPES = [
  'command',
  'policy',
  'policy_group',
  'user',
  'user_group',
] as const;
export type AssociationType = (typeof ASSOCIATION_TYPES)[number];

/** Everything that an organisation has beside its systems. */
export type ObjectType = AssociationType | 'system_group';

/** What an administrator sees of an object, beside its type and id. */
export interface Description {
  /** A user's is the username. */
  readonly name: string;
  /** Users only. */
  readonly email: string;
  /** System and user groups only: whether a rule fills the group, and nobody by hand. */
  readonly membershipMethod: MembershipMethod;
  /** What a system group filled by a rule answers a system that wants in or out; 204 does nothing. */
  readonly refusal: 400 | 403 | 204;
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

/** A system's record, as far as the emulator gives it a meaning. */
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

/** One request as it arrived and what became of it. */
export interface LoggedRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  /** 0 when the connection was cut without an answer. */
  status: number;
  readonly body: unknown;
  readonly systemId: string | undefined;
  /** The port that it came from, which leads to the process. */
  readonly clientPort: number | undefined;
  readonly authorization: string | undefined;
  /** Whether it came with a signature, right or wrong. */
  readonly signed: boolean;
  /** The headers of an administrator's request. */
  readonly apiKey: string | undefined;
  readonly orgId: string | undefined;
  readonly startedAt: number;
  endedAt: number;
  fault?: string;
}

/** An answer before it goes out. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
