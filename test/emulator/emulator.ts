import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EnrolledHost, type EnrolOptions, enrol } from './enrol.ts';
import { type Fault, FaultScript } from './faults.ts';
import type { TlsIdentity } from './keys.ts';
import { respond, respondBadly, respondStatus } from './respond.ts';
import { answer, unauthorized } from './routes.ts';
import { Store } from './store.ts';
import type { Answer, LoggedRequest, SystemRecord } from './types.ts';
import { claimedSystem, provenSystem } from './verify-signature.ts';

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
  readonly rateLimit?: { readonly requests: number; readonly perSeconds: number };
}

/** What the agent's first initialisation does to a record after it was written. */
export interface InitialisationRace {
  readonly afterMs: number;
  readonly fields: Partial<SystemRecord>;
  /** How many writes are overwritten; 1 when not said. */
  readonly times?: number;
}

export type Emulator = Awaited<ReturnType<typeof startEmulator>>;

/** JumpCloud's System Context API on loopback, with a directory of its own and faults at will. */
export async function startEmulator(options: EmulatorOptions = {}) {
  const { skewTolerance = 300, clock = Date.now, observeLag = 0, rateLimit } = options;
  const store = new Store();
  const requests: LoggedRequest[] = [];
  const faults = new FaultScript();
  const races = new Map<string, InitialisationRace & { left: number }>();
  const lagging = new Map<string, { until: number; readonly before: Store }>();
  const hostClocks = new Map<string, number>();
  const onRequest: ((request: LoggedRequest) => void)[] = [];
  let window: number[] = [];

  const isLimited = () => {
    if (rateLimit === undefined) return false;
    const since = Date.now() - rateLimit.perSeconds * 1000;
    window = window.filter((time) => time > since);
    if (window.length >= rateLimit.requests) return true;
    window.push(Date.now());
    return false;
  };

  /** The time as the host that a request comes from has to see it for its own clock to be wrong. */
  const clockFor = (request: IncomingMessage) =>
    clock() - (hostClocks.get(claimedSystem(request) ?? '') ?? 0);

  const prove = (request: IncomingMessage) =>
    provenSystem(store, request, clockFor(request), skewTolerance * 1000);

  /** What a request would be answered without any fault; carries it out. */
  const carryOut = (request: IncomingMessage, body: unknown): Answer => {
    const url = new URL(request.url ?? '/', 'http://emulator');
    const systemId = prove(request);
    if (systemId === undefined) return unauthorized(url.pathname);
    const { method = 'GET' } = request;
    if (method !== 'GET' && body !== undefined && !isJson(request)) {
      return { status: 400, body: { message: 'Content-Type: application/json is required' } };
    }
    const isGraph = url.pathname.startsWith('/api/v2/');
    if (isGraph && method === 'POST') startLag(systemId);
    const seen = isGraph && method === 'GET' ? observed(systemId) : store;
    const given = answer(seen, systemId, method, url, body);
    if (method === 'PUT' && given.status === 200) startRace(systemId);
    return given;
  };

  /** The organisation as reads of a system's graph show it. */
  const observed = (systemId: string): Store => {
    const lag = lagging.get(systemId);
    return lag !== undefined && lag.until > Date.now() ? lag.before : store;
  };

  const startLag = (systemId: string) => {
    if (observeLag === 0) return;
    const seen = observed(systemId);
    const before = seen === store ? store.copy() : seen;
    lagging.set(systemId, { until: Date.now() + observeLag, before });
  };

  const startRace = (systemId: string) => {
    const race = races.get(systemId);
    if (race === undefined || race.left === 0) return;
    race.left--;
    const overwrite = () => Object.assign(store.systems.get(systemId)?.record ?? {}, race.fields);
    setTimeout(overwrite, race.afterMs).unref();
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
      authorization: request.headers.authorization,
      startedAt: Date.now(),
      endedAt: 0,
    };
    requests.push(logged);
    response.on('close', () => {
      logged.endedAt = Date.now();
      for (const listener of onRequest) listener(logged);
    });
    const fault = faults.next({ method, url, body });
    if (fault !== undefined) logged.fault = fault.kind;
    const send = (given: Answer) => {
      logged.status = given.status;
      respond(response, given);
    };
    if (fault === undefined) {
      return isLimited()
        ? respondStatus(response, limited(logged, rateLimit?.perSeconds ?? 1), clock())
        : send(carryOut(request, body));
    }
    await misbehave(fault, request, response, body, send, logged);
  };

  const misbehave = async (
    fault: Fault,
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
    send: (given: Answer) => void,
    logged: LoggedRequest,
  ) => {
    switch (fault.kind) {
      case 'status':
        if (fault.applied) carryOut(request, body);
        logged.status = fault.status;
        return respondStatus(response, fault, clock());
      case 'reset-before':
        return void (request.socket as Socket).resetAndDestroy();
      case 'reset-after':
        carryOut(request, body);
        return void (request.socket as Socket).resetAndDestroy();
      case 'slow':
        await sleep(fault.ms);
        return send(carryOut(request, body));
      case 'body':
        logged.status = fault.status ?? 200;
        response.writeHead(logged.status, { 'content-type': 'text/html', ...fault.headers });
        return void response.end(fault.text);
      case 'mangle': {
        const given = carryOut(request, body);
        return send({ status: given.status, body: fault.change(structuredClone(given.body)) });
      }
      case 'date': {
        const date = fault.date();
        response.sendDate = false;
        if (date === null) response.removeHeader('date');
        else response.setHeader('date', date);
        return send(carryOut(request, body));
      }
      case 'redirect':
        logged.status = 302;
        return void response.writeHead(302, { location: fault.location }).end();
      case 'silence':
        if (fault.applied) carryOut(request, body);
        return;
      case 'ignored-write': {
        const systemId = prove(request);
        if (systemId === undefined) return send(carryOut(request, body));
        const kept = store.record(systemId);
        const isGraph = request.method === 'POST';
        return send(isGraph ? { status: 204 } : { status: 200, body: kept });
      }
      case 'concurrent': {
        if (fault.when === 'before') fault.change(store);
        const given = carryOut(request, body);
        if (fault.when === 'after') fault.change(store);
        return send(given);
      }
      default:
        logged.status = 200;
        return respondBadly(
          request,
          response,
          fault.kind,
          carryOut(request, body),
          fault.kind === 'trickle' ? fault.ms : 0,
        );
    }
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
    enrol: (wish?: EnrolOptions): Promise<EnrolledHost> => enrol(store, wish),
    /** Makes a host's clock wrong: ahead by so many milliseconds, or behind if they are negative. */
    shiftHostClock: (systemId: string, aheadMs: number) => void hostClocks.set(systemId, aheadMs),
    initialisationRace: (systemId: string, race: InitialisationRace) =>
      void races.set(systemId, { ...race, left: race.times ?? 1 }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function limited(logged: LoggedRequest, seconds: number): Extract<Fault, { kind: 'status' }> {
  logged.status = 429;
  return { kind: 'status', status: 429, retryAfter: seconds };
}

function isJson(request: IncomingMessage): boolean {
  return /^application\/json\b/.test(request.headers['content-type'] ?? '');
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
