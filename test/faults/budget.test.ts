import type { Socket } from 'node:net';
import { describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { type ModuleName, NON_DOCTOR_MODULE_NAMES } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { fullOptions } from '../harness/sample-calls.ts';
import {
  type BadServer,
  findClosedPort,
  openHangingPort,
  sendForever,
  startBadServer,
} from './bad-server.ts';
import { type MeasuredRun, runMeasured } from './run-measured.ts';

/** The peak memory of a run. Node.js 20 and 22 stay below 120 MB; 24 and 26 free buffers later. */
const MAX_MB = 160;
/** The time that a run may take beyond its timeout to start and to end, in seconds. */
const GRACE_S = 4;
const ID = '0123456789abcdef01234567';

let emulator: Emulator;
let host: EnrolledHost;
test.beforeAll(async ({ emulator: shared }) => {
  emulator = shared;
  host = await emulator.enrol();
});

interface Timeouts {
  readonly timeout: number;
  readonly request_timeout: number;
}
const SHORT_TIMEOUTS: Timeouts = { timeout: 3, request_timeout: 1 };
/** Gives a busy machine enough time to read a large answer. */
const LONG_TIMEOUTS: Timeouts = { timeout: 12, request_timeout: 10 };

/** Runs a module and expects a failure within the limits of time and memory. */
async function expectFailure(
  start: () => Promise<BadServer>,
  code: string,
  message: RegExp,
  {
    module = 'jumpcloud_system',
    timeouts = SHORT_TIMEOUTS,
  }: { module?: ModuleName; timeouts?: Timeouts } = {},
): Promise<MeasuredRun> {
  const server = await start();
  try {
    const connection = { agent_dir: host.agentDir, api_url: server.url, ...timeouts };
    const result = await runMeasured(module, { ...connection, ...fullOptions(module, () => ID) });
    expect(result.answer).toMatchObject({ changed: false, failed: true, error: { code } });
    expect(result.answer.msg).toMatch(message);
    expect(result.answer.msg).toMatch(/^Could not (read|change|join|add) .+: .+\. .+\.$/s);
    expect(result).toMatchObject({ exitCode: 1, stderr: '' });
    expect(result.seconds).toBeLessThan(timeouts.timeout + GRACE_S);
    expect(result.peakMb).toBeLessThan(MAX_MB);
    return result;
  } finally {
    server.close();
  }
}

const RESPONSE_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const CHUNKED_HEAD = `${RESPONSE_HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const LARGE_PIECE = Buffer.alloc(0x10000, ' ');
const asChunk = (data: Buffer) =>
  Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]);
const TINY_CHUNKS = Buffer.from('1\r\n \r\n'.repeat(10_000));

const startAnswering = (text: string) => () => startBadServer((socket) => socket.write(text));
const startSending = (text: string, rest: (socket: Socket) => void) => () =>
  startBadServer((socket) => {
    socket.write(text);
    rest(socket);
  });
const startWithRetryAfter = (status: string, retryAfter: string) =>
  startAnswering(`HTTP/1.1 ${status}\r\nRetry-After: ${retryAfter}\r\nContent-Length: 0\r\n\r\n`);
const dateInAnHour = () => new Date(Date.now() + 3_600_000).toUTCString();

describe.concurrent('a server that never completes an answer', () => {
  const NO_ANSWER = /gave no usable answer \(\d attempts in .* no complete answer within [\d.]+ s/;
  const rows: [name: string, start: () => Promise<BadServer>, message: RegExp][] = [
    ['the port is closed', findClosedPort, /the connection was refused/],
    ['the port accepts no connection', openHangingPort, /no connection within/],
    ['the server sends nothing at all', startAnswering(''), NO_ANSWER],
    ['the server sends only the status line', startAnswering('HTTP/1.1 200 OK\r\n'), NO_ANSWER],
    [
      'the server sends only the headers',
      startAnswering(`${RESPONSE_HEAD}Content-Length: 9\r\n\r\n`),
      NO_ANSWER,
    ],
    [
      'the headers arrive one byte a second',
      startSending('', (socket) => {
        const bytes = [...RESPONSE_HEAD, ...'a'.repeat(1000)];
        sendForever(socket, () => bytes.shift() ?? 'a', 1000);
      }),
      NO_ANSWER,
    ],
    [
      'the body arrives one byte a second',
      startSending(`${RESPONSE_HEAD}Content-Length: 1000\r\n\r\n`, (socket) =>
        sendForever(socket, () => ' ', 1000),
      ),
      NO_ANSWER,
    ],
    [
      'the server sends early hints forever',
      startSending('', (socket) =>
        sendForever(socket, () => 'HTTP/1.1 103 Early Hints\r\n\r\n', 5),
      ),
      NO_ANSWER,
    ],
    [
      'the server closes the connection',
      () => startBadServer((socket) => socket.end()),
      /connection was closed before the answer was complete/,
    ],
    [
      'the server resets the connection',
      () => startBadServer((socket) => socket.resetAndDestroy()),
      /connection was (reset|closed)/,
    ],
    [
      'the body is shorter than announced',
      () =>
        startBadServer((socket) => socket.end(`${RESPONSE_HEAD}Content-Length: 1000\r\n\r\n{}`)),
      /closed before the answer was complete|does not have the announced length/,
    ],
  ];
  test.each(rows)(
    'a run fails with the error code `unavailable` within its timeout if %s',
    async (_, start, message) => {
      const { answer } = await expectFailure(start, 'unavailable', message);
      expect(answer.error?.['attempts']).toBeGreaterThan(1);
    },
  );

  test('a run ends with the error code `unavailable` if a body in one-byte chunks never ends', async () => {
    const start = startSending(CHUNKED_HEAD, (socket) =>
      sendForever(socket, () => TINY_CHUNKS, 20),
    );
    await expectFailure(start, 'unavailable', /no complete answer within/);
  });

  test.each<Timeouts>([
    { timeout: 6, request_timeout: 4 },
    { timeout: 2, request_timeout: 60 },
    { timeout: 0.3, request_timeout: 0.1 },
  ])(
    'a run with %j fails with the error unavailable within its timeout if the server sends nothing',
    async (timeouts) => {
      await expectFailure(startAnswering(''), 'unavailable', /no complete answer/, { timeouts });
    },
  );

  test.each(NON_DOCTOR_MODULE_NAMES)(
    '%s fails with the error code `unavailable` within its timeout if the server sends nothing',
    async (module) => {
      await expectFailure(startAnswering(''), 'unavailable', NO_ANSWER, { module });
    },
  );
});

describe.concurrent('an endless answer', () => {
  const endless = (head: string, piece: Buffer) =>
    startSending(head, (socket) => sendForever(socket, () => piece));
  const rows: [name: string, start: () => Promise<BadServer>, message: RegExp][] = [
    [
      'endless headers',
      endless(RESPONSE_HEAD, Buffer.from(`X-More: ${'a'.repeat(1000)}\r\n`)),
      /headers are too/,
    ],
    [
      'one endless header',
      endless(`${RESPONSE_HEAD}X-More: `, Buffer.alloc(0x10000, 'a')),
      /headers are too large/,
    ],
    ['an endless chunked body', endless(CHUNKED_HEAD, asChunk(LARGE_PIECE)), /larger than 8 MiB/],
    [
      'an endless body with Content-Length',
      endless(`${RESPONSE_HEAD}Content-Length: ${1e12}\r\n\r\n`, LARGE_PIECE),
      /8 MiB/,
    ],
    [
      'an endless body without Content-Length',
      endless(`${RESPONSE_HEAD}\r\n`, LARGE_PIECE),
      /larger than 8 MiB/,
    ],
  ];
  test.each(rows)('an answer with %s is refused', async (_, start, message) => {
    await expectFailure(start, 'unexpected_response', message, { timeouts: LONG_TIMEOUTS });
  });

  test.each(NON_DOCTOR_MODULE_NAMES)('%s refuses an endless body', async (module) => {
    const start = endless(CHUNKED_HEAD, asChunk(LARGE_PIECE));
    const callOptions = { module, timeouts: LONG_TIMEOUTS };
    await expectFailure(start, 'unexpected_response', /larger than 8 MiB/, callOptions);
  });

  test('a run ends within the limits of time and memory if an endless body arrives in tiny chunks', async () => {
    const timeouts = { timeout: 8, request_timeout: 6 };
    const server = await endless(CHUNKED_HEAD, TINY_CHUNKS)();
    const connection = { agent_dir: host.agentDir, api_url: server.url, ...timeouts };
    const result = await runMeasured('jumpcloud_system', connection);
    server.close();
    expect(result.answer.error?.code).toMatch(/^(unexpected_response|unavailable)$/);
    expect(result.seconds).toBeLessThan(timeouts.timeout + GRACE_S);
    expect(result.peakMb).toBeLessThan(MAX_MB);
  });
});

describe.concurrent('Retry-After beyond the timeout', () => {
  const LIMITED =
    /limits the rate of requests and asks to wait (3600|35\d\d) s \(gave up after 1 attempt in/;
  const rows: [name: string, start: () => Promise<BadServer>, code: string, message: RegExp][] = [
    [
      '429 with Retry-After in seconds',
      startWithRetryAfter('429 Too Many Requests', '3600'),
      'rate_limited',
      LIMITED,
    ],
    [
      '429 with Retry-After as a date',
      () => startWithRetryAfter('429 Too Many', dateInAnHour())(),
      'rate_limited',
      LIMITED,
    ],
    [
      '503 with Retry-After in seconds',
      startWithRetryAfter('503 Unavailable', '3600'),
      'unavailable',
      /503 .* wait 3600 s/,
    ],
    [
      '503 with Retry-After as a date',
      () => startWithRetryAfter('503 No', dateInAnHour())(),
      'unavailable',
      /wait (3600|35\d\d) s/,
    ],
    [
      '429 with Retry-After of 400 digits',
      startWithRetryAfter('429 Too Many', '9'.repeat(400)),
      'rate_limited',
      /wait \d+ s/,
    ],
  ];
  test.each(rows)(
    'a run ends at once after a %s, if the wait would exceed its timeout',
    async (_, start, code, message) => {
      const timeouts = LONG_TIMEOUTS;
      const { seconds, answer } = await expectFailure(start, code, message, { timeouts });
      expect(seconds).toBeLessThan(timeouts.timeout / 2);
      expect(answer.error).toMatchObject({ attempts: 1, retry_after: expect.any(Number) });
    },
  );

  test.each(['-5', '1.5', 'soon', '', 'Thu, 01 Jan 1970 00:00:00 GMT'])(
    'a request is retried after an invalid or past Retry-After of %j',
    async (text) => {
      const start = startWithRetryAfter('429 Too Many Requests', text);
      const { answer } = await expectFailure(start, 'rate_limited', /limits the rate of requests/);
      expect(answer.error?.['attempts']).toBeGreaterThan(1);
    },
  );
});
