import { API_ORIGINS, regionOfAgentServer } from '../../src/agent/region.ts';
import { readRegistration } from '../../src/agent/registration.ts';
import { RunReport } from '../../src/protocol/run-report.ts';
import type { Run } from '../../src/run.ts';
import type { Authentication } from '../../src/transport/auth/authentication.ts';
import { SystemKeyAuthentication } from '../../src/transport/auth/system-key.ts';
import { openDestination } from '../../src/transport/connect/destination.ts';
import { AttemptError } from '../../src/transport/errors/attempt-error.ts';
import { type AttemptResult, attempt, type WireReply } from '../../src/transport/http/attempt.ts';
import { BodyQuota } from '../../src/transport/http/body-buffer.ts';
import { openClient } from '../../src/transport/session.ts';
import type { AdministratorCredentials } from './credentials.ts';
import type { Actor, ProbeRequest } from './permission.ts';

/** The time limit for all requests of a run, in seconds. It is longer than any run. */
const PROBE_TIMEOUT_S = 3600;
const REQUEST_TIMEOUT_S = 15;

/** The options of the connection. */
export interface WireOptions {
  readonly agentDir: string;
  /** The origin of the API. If it is undefined, the run uses the API of the agent's region. */
  readonly apiUrl: string | undefined;
}

/** The answer to one attempt, or the reason for a missing answer. */
export type WireOutcome =
  | WireReply
  | { readonly failure: string; readonly mayHaveTakenEffect: boolean };

/** Sends single attempts as this host or as an administrator. It never retries. */
export interface Wire {
  readonly systemId: string;
  readonly origin: string;
  send(request: ProbeRequest): Promise<WireOutcome>;
  close(): void;
}

/**
 * Reads this host's registration and opens connections to JumpCloud.
 * @throws ModuleError when this host has no usable identity
 */
export async function openWire(
  options: WireOptions,
  credentials: Pick<AdministratorCredentials, 'open'>,
): Promise<Wire> {
  const registration = readRegistration(options.agentDir);
  const identity = await registration.identity();
  const region = regionOfAgentServer(registration.agentServerHost) ?? 'us';
  const origin = options.apiUrl ?? API_ORIGINS[region];
  const administrator = await credentials.open(region);
  const transport = { ca_path: undefined, proxy: undefined, timeout: PROBE_TIMEOUT_S };
  const limits = { ...transport, request_timeout: REQUEST_TIMEOUT_S };
  const [destination] = await openDestination(origin, limits, 0, async () => undefined);
  const { signal } = new AbortController();
  const run: Run = { module: 'probe', check: false, signal, report: new RunReport() };
  const { http } = await openClient(run, destination);
  const authentications: Readonly<Record<Actor, Authentication>> = {
    host: new SystemKeyAuthentication(identity, undefined),
    administrator: administrator.authentication,
  };
  let serverOffsetMs = 0;

  const send = async (request: ProbeRequest): Promise<WireOutcome> => {
    const { actor, method, path, body, clockErrorSeconds = 0 } = request;
    const time = Date.now() + serverOffsetMs + clockErrorSeconds * 1000;
    const credentials = await authentications[actor].authenticate(method, path, time);
    const headers: Record<string, string> = {
      ...credentials.headers,
      accept: 'application/json',
      'user-agent': 'jumpcloud-system-context probe',
    };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const text = body === undefined ? null : JSON.stringify(body);
    const context = { http, signal, bodyQuota: new BodyQuota() };
    const wire = { origin, method, path, headers, body: text };
    const { outcome, mayHaveTakenEffect }: AttemptResult = await attempt(
      context,
      wire,
      REQUEST_TIMEOUT_S * 1000,
    );
    if (outcome instanceof AttemptError) return { failure: outcome.reason, mayHaveTakenEffect };
    const date = Date.parse(outcome.headers['date'] ?? '');
    // A Date header has no fraction of a second, so half a second is added.
    if (!Number.isNaN(date)) serverOffsetMs = date + 500 - Date.now();
    return outcome;
  };

  const close = () => {
    http.destroy();
    administrator.close();
  };

  return { systemId: registration.systemId, origin, send, close };
}
