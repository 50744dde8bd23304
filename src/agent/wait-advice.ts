/** What to do about a registration that is not there, when it was waited for so many seconds. */
export function waitAdvice(waitedSeconds: number): string {
  return waitedSeconds > 0
    ? `It was waited for ${waitedSeconds} s in vain: look into /var/log/jcagent.log, or raise registration_timeout.`
    : 'A host that is still being set up can be waited for with registration_timeout.';
}
