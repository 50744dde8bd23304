import type { AttemptError } from '../../transport/errors/attempt-error.ts';

const PROXY_ADVICE =
  'If this network reaches the internet only through a proxy, set the option proxy. The environment variable HTTPS_PROXY works too, but sudo removes it.';

/**
 * Returns the advice for a host name that cannot be looked up. `setting` is the option or variable
 * that contains the name; undefined if no setting contains it.
 */
export function nameResolutionAdvice(
  reason: string,
  hostname: string,
  setting: string | undefined,
): string {
  if (reason === 'EAI_AGAIN') {
    return `Correct the nameserver lines in /etc/resolv.conf, or repair the network. To test the lookup, run: getent hosts ${hostname}`;
  }
  return setting === undefined
    ? `Use a name server that knows ${hostname}: see /etc/resolv.conf, and try: getent hosts ${hostname}. ${PROXY_ADVICE}`
    : `Correct the host name in ${setting}, or add it to the name server.`;
}

/**
 * Returns the advice for a connection that failed with a network error. `target` is JumpCloud's
 * host and port. `setting` names the option or environment variable that contains the host name of
 * the proxy or of JumpCloud; undefined if neither name comes from a setting.
 */
export function connectionAdvice(
  { peer, reason }: AttemptError,
  target: string,
  setting: string | undefined,
): string {
  if (/^E(NET|HOST)UNREACH$/.test(reason)) {
    return 'Check the network interface and the routes of this host. To list the routes, run: ip route';
  }
  if (setting === undefined) {
    return `Allow outgoing connections to ${target} in the firewalls on the way. ${PROXY_ADVICE}`;
  }
  if (peer === 'proxy' && /^\d+$/.test(reason)) {
    return `Ask the operator of the proxy why it cannot reach ${target}.`;
  }
  return `Correct host and port in ${setting}, or start the server that should listen on them. If a firewall blocks the connection, allow the connection in the firewall.`;
}
