import type { Problem } from '../base/errors.ts';
import type { PartialValues } from '../options/option.ts';
import {
  type AdminOptions,
  type adminOptions,
  CREDENTIAL_VARIABLES,
  type CredentialOption,
  hasCredentialFormat,
  WRONG_FORMAT_MESSAGE,
} from './admin-options.ts';

/** The options of each kind of credentials: an API key, or a service account (client). */
const OPTIONS_BY_KIND = {
  apiKey: ['api_key', 'org_id'],
  client: ['client_id', 'client_secret'],
} as const satisfies Readonly<Record<string, readonly CredentialOption[]>>;
type CredentialKind = keyof typeof OPTIONS_BY_KIND;

/** An administrator's credentials. */
export type AdminCredentials =
  | { readonly apiKey: string; readonly orgId: string | undefined }
  | { readonly clientId: string; readonly clientSecret: string };

type GivenOptions = PartialValues<typeof adminOptions>;

/**
 * Returns the problems of the credentials in the options and the environment. Credentials are
 * checked separately from other options, because only a run that sends requests needs credentials.
 */
export function credentialProblems(given: GivenOptions): Problem[] {
  const inOptions = findKindsInOptions(given);
  // If the options contain both kinds of credentials, `checkAdminOptions` reports the problem.
  if (inOptions.length > 1) return [];
  const [kind, ...others] = inOptions.length > 0 ? inOptions : findKindsInEnvironment();
  if (kind === undefined) {
    return [
      {
        option: 'api_key',
        message: `is required, or client_id with client_secret. Give an administrator's API key in this option or in ${CREDENTIAL_VARIABLES.api_key}, or a service account's id and secret in client_id and client_secret or in ${CREDENTIAL_VARIABLES.client_id} and ${CREDENTIAL_VARIABLES.client_secret}. These credentials must never be on a managed host`,
      },
    ];
  }
  if (others.length > 0) {
    return [
      {
        option: '',
        message: `The environment has an API key (${CREDENTIAL_VARIABLES.api_key}) and a service account (${CREDENTIAL_VARIABLES.client_id}, ${CREDENTIAL_VARIABLES.client_secret}). Unset the variables of one of the two, or give the credentials in the options.`,
      },
    ];
  }
  return OPTIONS_BY_KIND[kind].flatMap((option) => {
    if (given[option] !== undefined) return [];
    const text = readVariable(option);
    if (text === undefined) {
      const message = `is required with ${OPTIONS_BY_KIND[kind].find((other) => other !== option)}: give it here or in ${CREDENTIAL_VARIABLES[option]}`;
      return option === 'org_id' ? [] : [{ option, message }];
    }
    if (hasCredentialFormat(option, text)) return [];
    return [{ option, message: `${CREDENTIAL_VARIABLES[option]} ${WRONG_FORMAT_MESSAGE}` }];
  });
}

/**
 * Returns the credentials from the options or the environment. Call it only if `credentialProblems`
 * has found no problem.
 */
export function credentialsOf(options: AdminOptions): AdminCredentials {
  const [kind] = [...findKindsInOptions(options), ...findKindsInEnvironment()];
  const value = (option: CredentialOption) => options[option] ?? readVariable(option);
  return kind === 'client'
    ? { clientId: value('client_id') ?? '', clientSecret: value('client_secret') ?? '' }
    : { apiKey: value('api_key') ?? '', orgId: value('org_id') };
}

function findKindsInOptions(given: GivenOptions | AdminOptions): CredentialKind[] {
  return filterKinds((option) => given[option] !== undefined);
}

function findKindsInEnvironment(): CredentialKind[] {
  // An organisation's id alone does not count as credentials, because it is useless without an API
  // key.
  return filterKinds((option) => option !== 'org_id' && readVariable(option) !== undefined);
}

function filterKinds(isGiven: (option: CredentialOption) => boolean): CredentialKind[] {
  return (Object.keys(OPTIONS_BY_KIND) as CredentialKind[]).filter((kind) =>
    OPTIONS_BY_KIND[kind].some(isGiven),
  );
}

/**
 * Returns the value of an option's environment variable; undefined if the variable is empty.
 * Removes white space at both ends, such as the newline of a file that the value came from.
 */
function readVariable(option: CredentialOption): string | undefined {
  return process.env[CREDENTIAL_VARIABLES[option]]?.trim() || undefined;
}
