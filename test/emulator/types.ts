/** What a System Context answers with; the emulator's own words, shared by nothing in src. */

export const ASSOCIATION_TYPES = [
  'command',
  'policy',
  'policy_group',
  'user',
  'user_group',
] as const;
export type AssociationType = (typeof ASSOCIATION_TYPES)[number];

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
  readonly authorization: string | undefined;
  readonly startedAt: number;
  endedAt: number;
  fault?: string;
}

/** An answer before it goes out. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}
