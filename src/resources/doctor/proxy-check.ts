import { InvalidArguments } from '../../base/errors.ts';
import { PROXY_URL_MESSAGE } from '../../base/server-url.ts';
import { type Destination, openDestination } from '../../transport/connect/destination.ts';
import { environmentProxy, proxyVariable } from '../../transport/connect/proxy.ts';
import type { ConnectionOptions } from '../../transport/open-session.ts';
import { type Findings, okFinding } from './check.ts';

/**
 * Checks the proxy settings, without connecting. Returns the destination; undefined if the
 * environment variable for the proxy is needed but is not a valid URL. An invalid variable fails
 * the check even with a plain http `api_url`, which uses no proxy: other runs may need the
 * variable.
 */
export async function checkProxy(
  origin: string,
  options: ConnectionOptions,
  findings: Findings,
): Promise<Destination | undefined> {
  const variable = proxyVariable(process.env);
  let destination: Destination | undefined;
  try {
    [destination] = await openDestination(origin, options, 0, async () => {});
    if (options.proxy === undefined) environmentProxy(origin, process.env);
    findings.proxy = okFinding(describeProxy(destination, options, variable));
  } catch (error) {
    if (!(error instanceof InvalidArguments)) throw error;
    findings.proxy = {
      status: 'failed',
      code: error.code,
      detail: `The environment variable ${variable} is not a proxy URL: ${PROXY_URL_MESSAGE}.`,
      advice: `Correct the variable, for example ${variable}=http://user:password@host:3128, or add ${new URL(origin).hostname} to NO_PROXY.`,
      details: {},
    };
  }
  return destination;
}

function describeProxy(
  { origin, proxy }: Destination,
  options: ConnectionOptions,
  variable: string,
): string {
  if (proxy !== undefined) {
    const source =
      options.proxy === undefined ? `the environment variable ${variable}` : 'the option proxy';
    return `${proxy.server.url}, from ${source}.`;
  }
  if (!process.env[variable]) return 'No proxy is set.';
  return origin.startsWith('http:')
    ? `${variable} is set, but a plain http api_url is never reached through a proxy.`
    : `${variable} is set, but NO_PROXY exempts ${new URL(origin).hostname}.`;
}
