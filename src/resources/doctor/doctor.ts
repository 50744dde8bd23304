import { defineModule } from '../../module.ts';
import { checkConnectionOptions, connectionOptions } from '../connection-options.ts';

/** Checks the conditions that every run on this host needs. Changes nothing. */
export const doctor = defineModule({
  name: 'jumpcloud_doctor',
  options: connectionOptions,
  rules: checkConnectionOptions,
  async run(options, run) {
    const { examineHost } = await import('./examine.ts');
    return examineHost(run, options);
  },
});
