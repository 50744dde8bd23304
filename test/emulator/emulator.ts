import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { adminRefusal } from './admin-refusal.ts';
import { answerAdmin } from './answer-admin.ts';
import { answerSystem } from './answer-system.ts';
import { type EnrolledHost, type EnrolOptions, enrol } from './enrol.ts';
import { FaultScript } from './faults.ts';
import { GraphLag } from './graph-lag.ts';
import { type InitialisationRace, InitialisationRaces } from './initialisation-race.ts';
import type { TlsIdentity } from './keys.ts';
import { type Exchange, misbehave } from './misbehave.ts';
import { type RateLimit, rateLimiter } from './rate-limit.ts';
import { readBody } from './read-body.ts';
import { refused } from './refused.ts';
import { respond, respondStatus } from './respond.ts';
import { Store } from './store.ts';
import type { Answer, LoggedRequest } from './types.ts';
import { claimedSystem, isSigned, provenSystem } from './verify-signature.ts';

export type { EnrolledHost } from './enrol.ts';

export interface EmulatorOptions {
  /** 0, the default, takes any that is free. */
  readonly port?: number;
  /** Serves https with this certificate. */
  readonly tls?: TlsIdentity;
  /** How far a request's Date may be off, in seconds. */
  readonly skewTolerance?: number;
  /** Milliseconds since the epoch; a wrong clock is a shifted one. */
  readonly clock?: () => number;
  /** For how long after a write the graph still reads as before, in milliseconds. */
  readonly observeLag?: number;
  /** More requests than these are answered 429. */
  readonly rateLimit?: RateLimit;
  /** Makes all ids the same in every run, for whoever records results. */
  readonly seed?: number;
}

export type Emulator = Awaited<ReturnType<typeof startEmulator>>;

/**
 * JumpCloud on loopback, with a directory of its own and faults at will: the System Context API,
 * and of the administrators' API what names are read from.
 */
export async function startEmulator(options: EmulatorOptions = {}) {
  const { skewTolerance = 300, clock = Date.now, observeLag = 0, rateLimit } = options;
  const store = new Store(options.seed);
  const requests: LoggedRequest[] = [];
  const faults = new FaultScript();
  const races = new InitialisationRaces(store);
  const lag = new GraphLag(store, observeLag);
  const isLimited = rateLimiter(rateLimit);
  const hostClocks = new Map<string, number>();
  const onRequest: ((request: LoggedRequest) => void)[] = [];

  /** The time as the host that a request comes from has to see it for its own clock to be wrong. */
  const clockFor = (request: IncomingMessage) =>
    clock() - (hostClocks.get(claimedSystem(request) ?? '') ?? 0);

  const prove = (request: IncomingMessage) =>
    provenSystem(store, request, clockFor(request), skewTolerance * 1000);

  /** What a request would be answered without any fault; carries it out. */
  const carryOut = (request: IncomingMessage, body: unknown): Answer => {
    const url = new URL(request.url ?? '/', 'http://emulator');
    const { method = 'GET', headers } = request;
    const systemId = prove(request);
    const refusal = isSigned(request)
      ? systemId === undefined && 401
      : adminRefusal(store, headers);
    if (refusal) return refused(url.pathname, refusal);
    if (method !== 'GET' && body !== undefined && !isJson(request)) {
      return { status: 400, body: { message: 'Content-Type: application/json is required' } };
    }
    return systemId === undefined
      ? answerAdmin(store, method, url, body)
      : carryOutFor(systemId, method, url, body);
  };

  const carryOutFor = (systemId: string, method: string, url: URL, body: unknown): Answer => {
    const isGraph = url.pathname.startsWith('/api/v2/');
    if (isGraph && method === 'POST') lag.start(systemId);
    const seen = isGraph && method === 'GET' ? lag.observed(systemId) : store;
    const given = answerSystem(seen, systemId, method, url, body);
    if (method === 'PUT' && given.status === 200) races.start(systemId);
    return given;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('date', new Date(clockFor(request)).toUTCString());
    const { method = 'GET', url = '/' } = request;
    const body = await readBody(request);
    const logged: LoggedRequest = {
      method,
      url,
      status: 0,
      body,
      systemId: claimedSystem(request),
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
      prove: () => prove(request),
      send(given) {
        logged.status = given.status;
        respond(response, given);
      },
    };
    const fault = faults.next({ method, url, body });
    if (fault !== undefined) {
      logged.fault = fault.kind;
      return misbehave(fault, exchange, store, clock());
    }
    if (!isLimited()) return exchange.send(exchange.carryOut());
    logged.status = 429;
    const retryAfter = rateLimit?.perSeconds ?? 1;
    respondStatus(response, { kind: 'status', status: 429, retryAfter }, clock());
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

  return {
    url: options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    port,
    store,
    /** Every request in the order of arrival. */
    requests,
    faults,
    /** Called with each request once it is over. */
    onRequest,
    clearRequests: () => void requests.splice(0),
    enrol: (desired?: EnrolOptions): Promise<EnrolledHost> => enrol(store, desired),
    /** Makes a host's clock wrong: ahead by so many milliseconds, or behind if they are negative. */
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
