import { REGIONS } from '../agent/region.ts';
import { withDefault } from './option.ts';
import { apiUrl, choice, path, pemBundle, proxyUrl, seconds } from './option-kinds.ts';

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
