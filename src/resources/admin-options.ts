import { REGIONS } from '../agent/region.ts';
import type { Problem } from '../base/errors.ts';
import { choice } from '../options/choice.ts';
import { coerceText, mayHaveBeenRounded } from '../options/coercions.ts';
import { InvalidValue } from '../options/invalid-value.ts';
import {
  type Option,
  type OptionValues,
  type PartialValues,
  withDefault,
} from '../options/option.ts';
import { pemBundle } from '../options/pem-bundle.ts';
import { seconds } from '../options/seconds.ts';
import { apiUrl, endpointUrl, proxyUrl } from '../options/url.ts';
import { checkConnectionOptions } from './connection-options.ts';

/** The environment variable for each option that contains a credential. */
export const CREDENTIAL_VARIABLES = {
  api_key: 'JUMPCLOUD_API_KEY',
  org_id: 'JUMPCLOUD_ORG_ID',
  client_id: 'JUMPCLOUD_CLIENT_ID',
  client_secret: 'JUMPCLOUD_CLIENT_SECRET',
} as const;
export type CredentialOption = keyof typeof CREDENTIAL_VARIABLES;

const CLIENT_CREDENTIAL_FORMAT = /^[!#-[\]-~]{8,512}$/;

/** The format of each credential. It allows only characters that can be sent in a header. */
const FORMATS: Readonly<Record<CredentialOption, RegExp>> = {
  api_key: /^[\w.~+/=-]{8,512}$/,
  org_id: /^[\w-]{1,64}$/,
  client_id: CLIENT_CREDENTIAL_FORMAT,
  client_secret: CLIENT_CREDENTIAL_FORMAT,
};

export const WRONG_FORMAT_MESSAGE =
  'is not in the format that JumpCloud uses; copy it again from the Admin Portal';

/** Returns whether a text has the format of a credential. */
export function hasCredentialFormat(option: CredentialOption, text: string): boolean {
  return FORMATS[option].test(text);
}

/**
 * The options that every control-node module has. Control-node modules use an administrator's
 * credentials.
 */
export const adminOptions = {
  api_key: credential('api_key'),
  org_id: credential('org_id'),
  client_id: credential('client_id'),
  client_secret: credential('client_secret'),
  region: withDefault(choice(...REGIONS), 'us'),
  api_url: apiUrl(),
  token_url: endpointUrl(),
  ca_path: pemBundle(),
  proxy: proxyUrl(),
  timeout: withDefault(seconds('above zero'), 120),
  request_timeout: withDefault(seconds('above zero'), 10),
};

/** The values of `adminOptions` after reading. */
export type AdminOptions = OptionValues<typeof adminOptions>;

/** Returns the problems of options that do not fit together. Does not read the environment. */
export function checkAdminOptions(given: PartialValues<typeof adminOptions>): Problem[] {
  const problems = [
    ...checkConnectionOptions(given),
    ...checkConnectionOptions({ api_url: given.token_url, proxy: given.proxy }, 'token_url'),
  ];
  const clientOptions = (['client_id', 'client_secret'] as const).filter(
    (option) => given[option] !== undefined,
  );
  for (const option of ['api_key', 'org_id'] as const) {
    if (given[option] === undefined || clientOptions.length === 0) continue;
    problems.push({
      option,
      message: `cannot be used with ${clientOptions.join(' and ')}; give an API key or a service account, not both`,
    });
  }
  return problems;
}

/** Returns an option for a credential. Its messages never quote the value. */
function credential(option: CredentialOption): Option<string | undefined> {
  return {
    type: 'str',
    secret: true,
    read(value) {
      const text = toSecretText(value).trim();
      if (text === '') {
        throw new InvalidValue(`is empty; leave it out to use ${CREDENTIAL_VARIABLES[option]}`);
      }
      if (!hasCredentialFormat(option, text)) throw new InvalidValue(WRONG_FORMAT_MESSAGE);
      return text;
    },
  };
}

function toSecretText(value: unknown): string {
  const text = coerceText(value);
  if (text !== undefined) return text;
  throw new InvalidValue(
    `expected text${mayHaveBeenRounded(value) ? '; put the number in quotes' : ''}`,
  );
}
