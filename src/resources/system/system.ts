import { defineModule } from '../../module.ts';
import { createRun } from '../../reconcile.ts';
import { checkConnectionOptions, connectionOptions } from '../connection-options.ts';
import { factsOptions, loadReferenceCollector } from '../facts-options.ts';
import { checkSettings, settingsOptions } from './system-options.ts';

/** Manages the settings and custom attributes of this host's record. */
export const system = defineModule({
  name: 'jumpcloud_system',
  options: { ...connectionOptions, ...settingsOptions, ...factsOptions },
  rules: (given) => [...checkConnectionOptions(given), ...checkSettings(given)],
  loadReferenceCollector,
  run: createRun(async () => (await import('./system-resource.ts')).systemResource),
});
