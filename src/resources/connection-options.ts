import { REGIONS } from '../agent/region.ts';
import type { Problem } from '../base/errors.ts';
import { choice } from '../options/choice.ts';
import { id } from '../options/id.ts';
import { nameLookupOption } from '../options/name-lookup-option.ts';
import { type PartialValues, withDefault } from '../options/option.ts';
import { path } from '../options/path.ts';
import { pemBundle } from '../options/pem-bundle.ts';
import { seconds } from '../options/seconds.ts';
import { apiUrl, proxyUrl } from '../options/url.ts';

/** The options that every host module has. */
export const connectionOptions = {
  agent_dir: withDefault(path(), '/opt/jc'),
  region: withDefault(choice('auto', ...REGIONS), 'auto'),
  api_url: apiUrl(),
  ca_path: pemBundle(),
  proxy: proxyUrl(),
  timeout: withDefault(seconds('above zero'), 120),
  request_timeout: withDefault(seconds('above zero'), 10),
  system_id: id(),
  names: nameLookupOption(),
  registration_timeout: withDefault(seconds(), 0),
};

/** Returns the problems of connection options that do not fit together. */
export function checkConnectionOptions(
  { api_url, proxy }: Pick<PartialValues<typeof connectionOptions>, 'api_url' | 'proxy'>,
  option = 'api_url',
): Problem[] {
  if (proxy === undefined || typeof api_url !== 'string' || !api_url.startsWith('http:')) return [];
  return [
    {
      option: 'proxy',
      message: `cannot be used with a plain http ${option}, because requests and their signatures or keys would pass through the proxy unencrypted; use an https ${option}, or leave proxy out`,
    },
  ];
}
