import { awaitRegistration } from '../../agent/await-registration.ts';
import { AlreadyRemoved, type Registration } from '../../agent/registration.ts';
import { NotEnrolled } from '../../base/errors.ts';
import { defineModule } from '../../module.ts';
import { withSessionForRegistration } from '../../transport/open-session.ts';
import { checkConnectionOptions } from '../connection-options.ts';
import { countReads, type SystemInfoOptions, systemInfoOptions } from './info-options.ts';

/**
 * Reads everything that JumpCloud knows about this host. Changes nothing. The run succeeds on a
 * host that is not enrolled, unless a wait for the registration has timed out.
 */
export const systemInfo = defineModule({
  name: 'jumpcloud_system_info',
  options: systemInfoOptions,
  rules: checkConnectionOptions,
  async run(given: SystemInfoOptions, run) {
    if (given.gather.includes('facts')) {
      const { readAllFacts } = await import('../../facts/read-facts.ts');
      // Read first, so that every result has the facts, even if the host is not enrolled.
      run.report.setFacts(await readAllFacts(run.signal));
    }
    let registration: Registration;
    try {
      registration = await awaitRegistration(given, run);
    } catch (error) {
      if (!(error instanceof NotEnrolled)) throw error;
      // A script that waits for the registration must see that the wait timed out.
      if (given.registration_timeout > 0 && !(error instanceof AlreadyRemoved)) throw error;
      const reason = { code: error.code, message: error.message };
      return {
        changed: false,
        msg: 'This host is not enrolled.',
        fields: { enrolled: false, reason },
      };
    }
    const fields = await withSessionForRegistration(run, registration, given, {
      requests: countReads(given.gather),
      async do(session) {
        const { gather } = await import('./gather.ts');
        return gather(run, session, given);
      },
    });
    const msg = `This host is system ${registration.systemId}.`;
    return { changed: false, msg, fields: { enrolled: true, ...fields } };
  },
});
