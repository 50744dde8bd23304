import { isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type ModuleError, Unavailable } from '../../base/errors.ts';
import type { Run } from '../../run.ts';
import { type Destination, describeDestination } from '../../transport/connect/destination.ts';
import { proxyVariable } from '../../transport/connect/proxy.ts';
import { timeoutError } from '../../transport/connect/tcp.ts';
import { type AttemptError, toAttemptError } from '../../transport/errors/attempt-error.ts';
import { permanentError } from '../../transport/errors/request-error.ts';
import { openConnection } from '../../transport/http/http-client.ts';
import type { ConnectionOptions } from '../../transport/open-session.ts';
import { userAgentOf } from '../../transport/session.ts';
import { describeCertificate } from './certificate.ts';
import { type Findings, failedFinding, okFinding, skippedFinding } from './check.ts';
import { connectionAdvice, nameResolutionAdvice } from './network-advice.ts';
import { checkProxy } from './proxy-check.ts';
import { withTimeLimit } from './with-time-limit.ts';

/**
 * Checks the proxy, the name resolution, the connection and the server's certificate. Sends no
 * request to JumpCloud. Returns the destination; undefined if it cannot be reached.
 */
export async function checkNetwork(
  run: Run,
  origin: string,
  options: ConnectionOptions,
  findings: Findings,
): Promise<Destination | undefined> {
  const destination = await checkProxy(origin, options, findings);
  if (destination === undefined) {
    findings.name_resolution = findings.connection = skippedFinding('it depends on proxy');
    findings.certificate = skippedFinding('it depends on proxy');
    return undefined;
  }
  if (!(await lookUpHostname(run, destination, options, findings))) {
    findings.connection = findings.certificate = skippedFinding('it depends on name_resolution');
    return undefined;
  }
  const socket = await connect(run, destination, options, findings);
  if (socket === undefined) return undefined;
  findings.certificate = origin.startsWith('http:')
    ? skippedFinding('a plain http api_url has no certificate')
    : okFinding(describeCertificate(socket as TLSSocket, options.ca_path !== undefined));
  socket.destroy();
  return destination;
}

/**
 * Looks up the host name of the proxy, or of JumpCloud if there is no proxy. Returns whether the
 * lookup succeeded.
 */
async function lookUpHostname(
  run: Run,
  destination: Destination,
  options: ConnectionOptions,
  findings: Findings,
): Promise<boolean> {
  const connector = destination.proxy?.connector ?? destination.originConnector;
  const { hostname } = connector.server;
  if (isIP(hostname) !== 0) {
    findings.name_resolution = okFinding(`${hostname} is an address, so no name is looked up.`);
    return true;
  }
  const limitMs = computeAttemptLimitMs(destination);
  try {
    const foundAddresses = await withTimeLimit(
      connector.addresses(),
      limitMs,
      run.signal,
      nameServerTimeoutError,
    );
    const addresses = [...new Set(foundAddresses.map(({ address }) => address))];
    const noun = addresses.length === 1 ? 'address' : 'addresses';
    findings.name_resolution = okFinding(`${hostname} has the ${noun} ${addresses.join(', ')}.`);
    return true;
  } catch (error) {
    if (run.signal.aborted) throw run.signal.reason;
    const failure = toAttemptError(error);
    findings.name_resolution = failedFinding(
      networkError(`Could not look up ${hostname}`, failure),
      nameResolutionAdvice(failure.reason, hostname, findHostnameSetting(destination, options)),
    );
    return false;
  }
}

/** Makes one connection to JumpCloud. Returns the socket; undefined if the connection fails. */
async function connect(
  run: Run,
  destination: Destination,
  options: ConnectionOptions,
  findings: Findings,
): Promise<Socket | undefined> {
  const serverText = describeDestination(destination);
  try {
    const opening = openConnection(destination, userAgentOf(run));
    const socket = await withTimeLimit(
      opening,
      computeAttemptLimitMs(destination),
      run.signal,
      timeoutError,
    );
    findings.connection = okFinding(`Connected to ${serverText}.`);
    return socket;
  } catch (error) {
    if (run.signal.aborted) throw run.signal.reason;
    const failure = toAttemptError(error);
    const { hostname, port } = destination.originConnector.server;
    if (failure.kind === 'tls') {
      findings.connection = okFinding(`Connected to ${serverText}, but the TLS handshake failed.`);
      findings.certificate = failedFinding(
        permanentError(failedConnectionContext(serverText), failure),
      );
    } else {
      findings.connection =
        failure.kind === 'network'
          ? failedFinding(
              networkError(`Could not connect to ${serverText}`, failure),
              connectionAdvice(
                failure,
                `${hostname} port ${port}`,
                findHostnameSetting(destination, options),
              ),
            )
          : failedFinding(permanentError(failedConnectionContext(serverText), failure));
      findings.certificate = skippedFinding('it depends on connection');
    }
    return undefined;
  }
}

const failedConnectionContext = (origin: string) =>
  ({ purpose: 'connect to JumpCloud', origin, urlOption: 'api_url', inDoubt: false }) as const;

function networkError(what: string, failure: AttemptError): ModuleError {
  const { message, reason } = failure;
  const details = { reason };
  return new Unavailable(`${what}: ${message}.`, { attempts: 1, details, cause: failure });
}

/**
 * Returns the option or variable with the host name of the proxy, or of JumpCloud if there is no
 * proxy; undefined if no setting contains it.
 */
function findHostnameSetting(
  { proxy }: Destination,
  options: ConnectionOptions,
): string | undefined {
  if (proxy !== undefined)
    return options.proxy === undefined ? proxyVariable(process.env) : 'proxy';
  return options.api_url && 'api_url';
}

/** Returns the maximum time for one attempt, in milliseconds. */
function computeAttemptLimitMs({ requestTimeoutMs, budget }: Destination): number {
  return Math.max(1, Math.min(requestTimeoutMs, budget.remainingMs()));
}

function nameServerTimeoutError(): Error {
  return Object.assign(new Error('timed out'), { code: 'EAI_AGAIN' });
}
