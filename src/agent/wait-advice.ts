/**
 * Returns the advice for a host without a registration. `waitedSeconds` is the time that the run
 * has waited for it.
 */
export function waitAdvice(waitedSeconds: number): string {
  return waitedSeconds > 0
    ? `Waiting for the agent to register timed out after ${waitedSeconds} s. Check /var/log/jcagent.log, or raise registration_timeout.`
    : 'To wait for a host that is still being set up, set registration_timeout.';
}
