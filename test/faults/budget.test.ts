import type { Socket } from 'node:net';
import { describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { ACTING_MODULE_NAMES, type ModuleName } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { fullCall } from '../harness/sample-calls.ts';
import { type BadServer, badServer, closedPort, hangingPort, sendForever } from './bad-server.ts';
import { type MeasuredRun, runMeasured } from './run-measured.ts';

const MAX_MB = 120;
/** The maximum time of a run beyond its timeout, in seconds: to start and to end. */
const GRACE_S = 2;
const ID = '0123456789abcdef01234567';

let emulator: Emulator;
let host: EnrolledHost;
test.beforeAll(async ({ emulator: shared }) => {
  emulator = shared;
  host = await emulator.enrol();
});

interface Times {
  readonly timeout: number;
  readonly request_timeout: number;
}
const SHORT: Times = { timeout: 3, request_timeout: 1 };
/** For answers that arrive fast, but that a busy machine takes a while to read. */
const LONG: Times = { timeout: 12, request_timeout: 10 };

/** Runs a module against a server. Expects it to fail without exceeding the limits of time and memory. */
async function expectFailure(
  start: () => Promise<BadServer>,
  code: string,
  message: RegExp,
  { module = 'jumpcloud_system', times = SHORT }: { module?: ModuleName; times?: Times } = {},
): Promise<MeasuredRun> {
  const server = await start();
  try {
    const connection = { agent_dir: host.agentDir, api_url: server.url, ...times };
    const result = await runMeasured(module, { ...connection, ...fullCall(module, () => ID) });
    expect(result.answer).toMatchObject({ changed: false, failed: true, error: { code } });
    expect(result.answer.msg).toMatch(message);
    expect(result.answer.msg).toMatch(/^Could not (read|change|join|add) .+: .+\. .+\.$/s);
    expect(result).toMatchObject({ exitCode: 1, stderr: '' });
    expect(result.seconds).toBeLessThan(times.timeout + GRACE_S);
    expect(result.peakMb).toBeLessThan(MAX_MB);
    return result;
  } finally {
    server.close();
  }
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const BIG = Buffer.alloc(0x10000, ' ');
const chunk = (data: Buffer) =>
  Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]);
const TINY_CHUNKS = Buffer.from('1\r\n \r\n'.repeat(10_000));

const answering = (text: string) => () => badServer((socket) => socket.write(text));
const sending = (text: string, rest: (socket: Socket) => void) => () =>
  badServer((socket) => {
    socket.write(text);
    rest(socket);
  });
const wait = (status: string, retryAfter: string) =>
  answering(`HTTP/1.1 ${status}\r\nRetry-After: ${retryAfter}\r\nContent-Length: 0\r\n\r\n`);
const inAnHour = () => new Date(Date.now() + 3_600_000).toUTCString();

describe.concurrent('a server that never completes an answer', () => {
  const NO_ANSWER = /could not be reached \(\d attempts in .* no complete answer within [\d.]+ s/;
  const rows: [name: string, start: () => Promise<BadServer>, message: RegExp][] = [
    ['the port is closed', closedPort, /the connection was refused/],
    ['no connection is established', hangingPort, /no connection within/],
    ['nothing is sent', answering(''), NO_ANSWER],
    ['nothing follows the status', answering('HTTP/1.1 200 OK\r\n'), NO_ANSWER],
    ['nothing follows the headers', answering(`${HEAD}Content-Length: 9\r\n\r\n`), NO_ANSWER],
    [
      'the headers arrive one byte a second',
      sending('', (socket) => {
        const bytes = [...HEAD, ...'a'.repeat(1000)];
        sendForever(socket, () => bytes.shift() ?? 'a', 1000);
      }),
      NO_ANSWER,
    ],
    [
      'the body arrives one byte a second',
      sending(`${HEAD}Content-Length: 1000\r\n\r\n`, (socket) =>
        sendForever(socket, () => ' ', 1000),
      ),
      NO_ANSWER,
    ],
    [
      'early hints are sent forever',
      sending('', (socket) => sendForever(socket, () => 'HTTP/1.1 103 Early Hints\r\n\r\n', 5)),
      NO_ANSWER,
    ],
    [
      'the connection is closed',
      () => badServer((socket) => socket.end()),
      /connection was closed before the answer was complete/,
    ],
    [
      'the connection is reset',
      () => badServer((socket) => socket.resetAndDestroy()),
      /connection was (reset|closed)/,
    ],
    [
      'the body is shorter than announced',
      () => badServer((socket) => socket.end(`${HEAD}Content-Length: 1000\r\n\r\n{}`)),
      /closed before the answer was complete|does not have the announced length/,
    ],
  ];
  test.each(rows)(
    'a run ends in time with the error unavailable if %s',
    async (_, start, message) => {
      const { answer } = await expectFailure(start, 'unavailable', message);
      expect(answer.error?.['attempts']).toBeGreaterThan(1);
    },
  );

  test('a run ends in time with the error unavailable if the body arrives in chunks of one byte', async () => {
    const start = sending(CHUNKED, (socket) => sendForever(socket, () => TINY_CHUNKS, 20));
    await expectFailure(start, 'unavailable', /no complete answer within/);
  });

  test.each<Times>([
    { timeout: 6, request_timeout: 4 },
    { timeout: 2, request_timeout: 60 },
    { timeout: 0.3, request_timeout: 0.1 },
  ])(
    'a run with %j ends in time with the error unavailable if the server sends nothing',
    async (times) => {
      await expectFailure(answering(''), 'unavailable', /no complete answer/, { times });
    },
  );

  test.each(ACTING_MODULE_NAMES)(
    '%s ends in time with the error unavailable if the server sends nothing',
    async (module) => {
      await expectFailure(answering(''), 'unavailable', NO_ANSWER, { module });
    },
  );
});

describe.concurrent('an endless answer', () => {
  const endless = (head: string, piece: Buffer) =>
    sending(head, (socket) => sendForever(socket, () => piece));
  const rows: [name: string, start: () => Promise<BadServer>, message: RegExp][] = [
    [
      'with headers',
      endless(HEAD, Buffer.from(`X-More: ${'a'.repeat(1000)}\r\n`)),
      /headers are too/,
    ],
    [
      'with one header',
      endless(`${HEAD}X-More: `, Buffer.alloc(0x10000, 'a')),
      /headers are too large/,
    ],
    ['with a body in chunks', endless(CHUNKED, chunk(BIG)), /larger than 8 MiB/],
    [
      'with a body of announced length',
      endless(`${HEAD}Content-Length: ${1e12}\r\n\r\n`, BIG),
      /8 MiB/,
    ],
    ['with a body without a length', endless(`${HEAD}\r\n`, BIG), /larger than 8 MiB/],
  ];
  test.each(rows)('an endless answer %s is refused', async (_, start, message) => {
    await expectFailure(start, 'unexpected_response', message, { times: LONG });
  });

  test.each(ACTING_MODULE_NAMES)('%s refuses an endless body', async (module) => {
    const start = endless(CHUNKED, chunk(BIG));
    const when = { module, times: LONG };
    await expectFailure(start, 'unexpected_response', /larger than 8 MiB/, when);
  });

  test('an endless body in tiny chunks fails within the limits of time and memory', async () => {
    const times = { timeout: 8, request_timeout: 6 };
    const server = await endless(CHUNKED, TINY_CHUNKS)();
    const connection = { agent_dir: host.agentDir, api_url: server.url, ...times };
    const result = await runMeasured('jumpcloud_system', connection);
    server.close();
    expect(result.answer.error?.code).toMatch(/^(unexpected_response|unavailable)$/);
    expect(result.seconds).toBeLessThan(times.timeout + GRACE_S);
    expect(result.peakMb).toBeLessThan(MAX_MB);
  });
});

describe.concurrent('Retry-After beyond the timeout', () => {
  const LIMITED = /limits the rate of requests and asks to wait (3600|35\d\d) s \(1 attempt in/;
  const rows: [name: string, start: () => Promise<BadServer>, code: string, message: RegExp][] = [
    ['429 and seconds', wait('429 Too Many Requests', '3600'), 'rate_limited', LIMITED],
    ['429 and a date', () => wait('429 Too Many', inAnHour())(), 'rate_limited', LIMITED],
    ['503 and seconds', wait('503 Unavailable', '3600'), 'unavailable', /503 .* wait 3600 s/],
    ['503 and a date', () => wait('503 No', inAnHour())(), 'unavailable', /wait (3600|35\d\d) s/],
    [
      '429 and a 400-digit number of seconds',
      wait('429 Too Many', '9'.repeat(400)),
      'rate_limited',
      /wait \d+ s/,
    ],
  ];
  test.each(rows)('a Retry-After with %s ends the run at once', async (_, start, code, message) => {
    const { seconds, answer } = await expectFailure(start, code, message);
    expect(seconds).toBeLessThan(GRACE_S);
    expect(answer.error).toMatchObject({ attempts: 1, retry_after: expect.any(Number) });
  });

  test.each(['-5', '1.5', 'soon', '', 'Thu, 01 Jan 1970 00:00:00 GMT'])(
    'the invalid or past Retry-After %j is ignored, and the request is retried',
    async (text) => {
      const start = wait('429 Too Many Requests', text);
      const { answer } = await expectFailure(start, 'rate_limited', /limits the rate of requests/);
      expect(answer.error?.['attempts']).toBeGreaterThan(1);
    },
  );
});
