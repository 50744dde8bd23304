import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { adminRefusal } from './admin-refusal.ts';
import { answerAdmin } from './answer-admin.ts';
import { answerSystem } from './answer-system.ts';
import { answerToken, TOKEN_PATH } from './answer-token.ts';
import type { Behaviour } from './behaviour.ts';
import { type EnrolledHost, type EnrolOptions, enrol } from './enrol.ts';
import { errorAnswer } from './error-answer.ts';
import { FaultScript } from './faults.ts';
import { GraphLag, longestLagMs } from './graph-lag.ts';
import { type InitialisationRace, InitialisationRaces } from './initialisation-race.ts';
import { type Exchange, injectFault } from './inject-fault.ts';
import type { TlsIdentity } from './keys.ts';
import { isGraphWrite, ParallelWrites } from './parallel-writes.ts';
import { limitOf, makeRateLimiter, type RateLimit, retryAfterOf } from './rate-limit.ts';
import { readBody } from './read-body.ts';
import { respond, respondStatus } from './respond.ts';
import { Store } from './store.ts';
import type { HttpAnswer, LoggedRequest } from './types.ts';
import { isSigned, readClaimedSystemId, verifySignature } from './verify-signature.ts';

export type { EnrolledHost } from './enrol.ts';

export interface EmulatorOptions {
  /** The port. The default, 0, selects any free port. */
  readonly port?: number;
  /** The certificate for https. */
  readonly tls?: TlsIdentity;
  /** The undocumented behaviour of JumpCloud. By default, it is as the modules assume. */
  readonly behaviour?: Partial<Behaviour>;
  /** The clock skew that is accepted in a request's Date, in seconds. */
  readonly skewTolerance?: number;
  /** Returns the time in milliseconds since the epoch. */
  readonly clock?: () => number;
  /** The time that reads of the graph stay stale after a write, in milliseconds. */
  readonly observeLag?: number;
  /** The limit above which requests are answered 429. */
  readonly rateLimit?: RateLimit;
  /** Makes all ids reproducible, so that recorded results can be compared. */
  readonly seed?: number;
}

export type Emulator = Awaited<ReturnType<typeof startEmulator>>;

/**
 * Starts an emulated JumpCloud on loopback, with its own organisation and faults on demand. It has
 * the System Context API, the endpoints that administrators use, and the one for access tokens.
 */
export async function startEmulator(options: EmulatorOptions = {}) {
  const { skewTolerance, clock = Date.now, observeLag, rateLimit } = options;
  const store = new Store(options.seed);
  store.behaviour = { ...store.behaviour, ...options.behaviour };
  const requests: LoggedRequest[] = [];
  const faults = new FaultScript();
  const races = new InitialisationRaces(store);
  const lag = new GraphLag(store, () => observeLag ?? longestLagMs(store.behaviour));
  const parallelWrites = new ParallelWrites(store);
  const isLimited = makeRateLimiter(() => rateLimit ?? limitOf(store.behaviour));
  const hostClocks = new Map<string, number>();
  const onRequest: ((request: LoggedRequest) => void)[] = [];

  /**
   * Returns the server's time for a request. To emulate a host with a wrong clock, shifts the
   * server's time instead.
   */
  const serverTimeFor = (request: IncomingMessage) =>
    clock() - (hostClocks.get(readClaimedSystemId(request) ?? '') ?? 0);

  const findSigner = (request: IncomingMessage) => {
    const { ahead_s, behind_s } = store.behaviour.clock_tolerance;
    return verifySignature(store, request, serverTimeFor(request), {
      aheadMs: (skewTolerance ?? ahead_s) * 1000,
      behindMs: (skewTolerance ?? behind_s) * 1000,
    });
  };

  /** Carries out a request and returns the answer that it gets without faults. */
  const carryOut = (request: IncomingMessage, body: unknown): HttpAnswer => {
    const url = new URL(request.url ?? '/', 'http://emulator');
    const { method = 'GET', headers } = request;
    const now = clock();
    if (url.pathname === TOKEN_PATH) return answerToken(store, method, headers, body, now);
    const systemId = findSigner(request);
    const refusal = isSigned(request)
      ? systemId === undefined && signatureRefusal(store, request)
      : adminRefusal(store, { method, path: url.pathname, headers, now });
    if (refusal) return errorAnswer(url.pathname, refusal);
    if (method !== 'GET' && body !== undefined && !isJson(request)) {
      return { status: 400, body: { message: 'Content-Type: application/json is required' } };
    }
    return systemId === undefined
      ? answerAdmin(store, method, url, body)
      : carryOutFor(systemId, method, url, body);
  };

  const carryOutFor = (systemId: string, method: string, url: URL, body: unknown): HttpAnswer => {
    const isGraph = url.pathname.startsWith('/api/v2/');
    if (isGraph && method === 'POST') lag.start(systemId);
    const observed = isGraph && method === 'GET' ? lag.observed(systemId) : store;
    const answer = answerSystem(observed, systemId, method, url, body);
    if (method === 'PUT' && answer.status === 200) races.start(systemId);
    return answer;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('date', new Date(serverTimeFor(request)).toUTCString());
    const { method = 'GET', url = '/' } = request;
    const body = await readBody(request);
    const logged: LoggedRequest = {
      method,
      url,
      status: 0,
      body,
      systemId: readClaimedSystemId(request),
      clientPort: request.socket.remotePort,
      authorization: request.headers.authorization,
      signed: isSigned(request),
      apiKey: request.headers['x-api-key']?.toString(),
      orgId: request.headers['x-org-id']?.toString(),
      startedAt: Date.now(),
      endedAt: 0,
    };
    requests.push(logged);
    response.on('close', () => {
      logged.endedAt = Date.now();
      for (const listener of onRequest) listener(logged);
    });
    const exchange: Exchange = {
      request,
      response,
      logged,
      carryOut: () => carryOut(request, body),
      findSigner: () => findSigner(request),
      send(answer) {
        logged.status = answer.status;
        respond(response, answer);
      },
    };
    const fault = faults.next({ method, url, body });
    if (fault !== undefined) {
      logged.fault = fault.kind;
      return injectFault(fault, exchange, store, clock());
    }
    if (isLimited()) {
      logged.status = 429;
      const retryAfter = rateLimit?.perSeconds ?? retryAfterOf(store.behaviour.rate_limit);
      const limited = { kind: 'status', status: 429 } as const;
      const fault = retryAfter === undefined ? limited : { ...limited, retryAfter };
      return respondStatus(response, fault, clock());
    }
    const systemId = isGraphWrite(method, url) ? findSigner(request) : undefined;
    if (systemId === undefined) return exchange.send(exchange.carryOut());
    exchange.send(await parallelWrites.answer(systemId, exchange.carryOut));
  };

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch((error) => response.destroy(error));
  };
  const server =
    options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  server.maxHeadersCount = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const baseUrl =
    options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;

  return {
    url: baseUrl,
    /** The endpoint that issues tokens to service accounts. */
    tokenUrl: `${baseUrl}${TOKEN_PATH}`,
    port,
    store,
    /** All requests, in order of arrival. */
    requests,
    faults,
    /** Listeners, called with each request after it has ended. */
    onRequest,
    clearRequests: () => void requests.splice(0),
    enrol: (enrolment?: EnrolOptions): Promise<EnrolledHost> => enrol(store, enrolment),
    /** Shifts a host's clock by milliseconds: ahead, or behind if negative. */
    shiftHostClock: (systemId: string, aheadMs: number) => void hostClocks.set(systemId, aheadMs),
    initialisationRace: (systemId: string, race: InitialisationRace) => races.add(systemId, race),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function isJson(request: IncomingMessage): boolean {
  return /^application\/json\b/.test(request.headers['content-type'] ?? '');
}

/** Returns the status of a request whose signature is invalid, or whose system was removed. */
function signatureRefusal(store: Store, request: IncomingMessage): number {
  const isRemoved = store.wasRemoved(readClaimedSystemId(request) ?? '');
  return isRemoved ? store.behaviour.deleted_record.gone_status : 401;
}
