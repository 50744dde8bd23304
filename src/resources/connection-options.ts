import { REGIONS } from '../agent/region.ts';
import { choice } from '../options/choice.ts';
import { withDefault } from '../options/option.ts';
import { path } from '../options/path.ts';
import { pemBundle } from '../options/pem-bundle.ts';
import { seconds } from '../options/seconds.ts';
import { apiUrl, proxyUrl } from '../options/url.ts';

/** The options that every module has. */
export const connectionOptions = {
  agent_dir: withDefault(path(), '/opt/jc'),
  region: withDefault(choice('auto', ...REGIONS), 'auto'),
  api_url: apiUrl(),
  ca_path: pemBundle(),
  proxy: proxyUrl(),
  timeout: withDefault(seconds('above zero'), 120),
  request_timeout: withDefault(seconds('above zero'), 10),
  registration_timeout: withDefault(seconds(), 0),
};
