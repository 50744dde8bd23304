import { ApiKeyAuthentication } from '../../src/transport/auth/api-key.ts';
import type { Authentication } from '../../src/transport/auth/authentication.ts';

/** An administrator's credentials, and the texts in them that no file may hold. */
export interface AdministratorCredentials {
  readonly authentication: Authentication;
  readonly secrets: readonly string[];
}

/** The credentials are missing. */
export class MissingCredentials extends Error {}

/**
 * Takes an administrator's credentials from the environment, and removes them from it.
 * @throws MissingCredentials
 */
export function takeCredentials(environment: NodeJS.ProcessEnv): AdministratorCredentials {
  const { JUMPCLOUD_API_KEY: apiKey, JUMPCLOUD_ORG_ID: orgId } = environment;
  delete environment['JUMPCLOUD_API_KEY'];
  if (!apiKey) {
    throw new MissingCredentials(
      'JUMPCLOUD_API_KEY is not set. Set it to the API key of an administrator who may create groups and users. With sudo, add --preserve-env=JUMPCLOUD_API_KEY,JUMPCLOUD_ORG_ID.',
    );
  }
  return {
    authentication: new ApiKeyAuthentication(apiKey, orgId || undefined),
    secrets: [apiKey, ...(orgId ? [orgId] : [])],
  };
}
