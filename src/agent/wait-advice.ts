/**
 * Returns the advice for a host without a registration. `waitedSeconds` is the time that the run
 * has waited for it.
 */
export function waitAdvice(waitedSeconds: number): string {
  return waitedSeconds > 0
    ? `The agent did not register within ${waitedSeconds} s. Check /var/log/jcagent.log, or raise registration_timeout.`
    : 'To wait for a host that is still being set up, set registration_timeout.';
}
