import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import { respondBroken, respondStatus } from './respond.ts';
import type { Store } from './store.ts';
import type { HttpAnswer, LoggedRequest } from './types.ts';

/** A request that has arrived, and the ways to answer it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly logged: LoggedRequest;
  /** Carries out the request and returns the answer that it gets without faults. */
  carryOut(): HttpAnswer;
  /**
   * Returns the id of the system that signed the request, or undefined if the signature is invalid.
   */
  findSigner(): string | undefined;
  send(answer: HttpAnswer): void;
}

/** Answers a request with a fault. `now` is the server's time in milliseconds. */
export async function injectFault(
  fault: Fault,
  { request, response, logged, carryOut, findSigner, send }: Exchange,
  store: Store,
  now: number,
): Promise<void> {
  switch (fault.kind) {
    case 'status':
      if (fault.applied) carryOut();
      logged.status = fault.status;
      return respondStatus(response, fault, now);
    case 'reset-before':
      return void (request.socket as Socket).resetAndDestroy();
    case 'reset-after':
      carryOut();
      return void (request.socket as Socket).resetAndDestroy();
    case 'slow':
      await sleep(fault.ms);
      return send(carryOut());
    case 'body':
      logged.status = fault.status ?? 200;
      response.writeHead(logged.status, { 'content-type': 'text/html', ...fault.headers });
      return void response.end(fault.text);
    case 'informational':
      for (const status of fault.statuses) {
        request.socket.write(`HTTP/1.1 ${status} Informational\r\nLink: </>\r\n\r\n`);
      }
      return send(carryOut());
    case 'mangle': {
      const answer = carryOut();
      const headers = { ...answer.headers, ...fault.headers };
      return send({ ...answer, headers, body: fault.change(structuredClone(answer.body)) });
    }
    case 'date': {
      const date = fault.date();
      response.sendDate = false;
      if (date === null) response.removeHeader('date');
      else response.setHeader('date', date);
      return send(carryOut());
    }
    case 'redirect':
      logged.status = 302;
      return void response.writeHead(302, { location: fault.location }).end();
    case 'silence':
      if (fault.applied) carryOut();
      return;
    case 'ignored-write': {
      const systemId = findSigner();
      if (systemId === undefined) return send(carryOut());
      const unchanged = store.record(systemId);
      const isGraph = request.method === 'POST';
      return send(isGraph ? { status: 204 } : { status: 200, body: unchanged });
    }
    case 'concurrent': {
      if (fault.when === 'before') fault.change(store);
      const answer = carryOut();
      if (fault.when === 'after') fault.change(store);
      return send(answer);
    }
    default: {
      logged.status = 200;
      const ms = fault.kind === 'trickle' ? fault.ms : 0;
      return respondBroken(request, response, fault.kind, carryOut(), ms);
    }
  }
}
