import { defineModule } from '../../module.ts';
import type { OptionValues } from '../../options/option.ts';
import { keeping } from '../../reconcile.ts';
import { connectionOptions, connectionRules } from '../connection-options.ts';
import { systemConcern } from './system-concern.ts';
import { settingsOptions, settingsRules } from './system-options.ts';

const options = { ...connectionOptions, ...settingsOptions };

type SystemOptions = OptionValues<typeof options>;

/** This host's own record: its settings and custom attributes. */
export const system = defineModule({
  name: 'jumpcloud_system',
  options,
  rules: (given) => [...connectionRules(given), ...settingsRules(given)],
  run: keeping((session, given: SystemOptions) => systemConcern(session, given)),
});
