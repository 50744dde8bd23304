import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../emulator/faults.ts';
import type { Answer, ModuleName } from '../harness/executable.ts';
import { sampleRows } from '../harness/sample-size.ts';
import { startBadServer } from './bad-server.ts';
import {
  type HostileSetup,
  READING_MODULES,
  type ReadKind,
  startHostileSetup,
} from './hostile-setup.ts';
import { runMeasured } from './run-measured.ts';

const OTHER_ID = '0123456789abcdef01234567';
const MIB = 1024 * 1024;

/** Runs a test with a new setup and then closes the setup. */
async function withSetup(act: (setup: HostileSetup) => Promise<void>): Promise<void> {
  const setup = await startHostileSetup();
  try {
    await act(setup);
  } finally {
    await setup.close();
  }
}

function expectUnexpectedResponse(answer: Answer, message: RegExp): void {
  expect(answer.msg).toMatch(message);
  expect(answer).toMatchObject({ failed: true, error: { code: 'unexpected_response' } });
  expect(answer.msg).toMatch(/^Could not [\w ]+: .*\. (Check|Run again)/);
}

const jsonBodyFault = (text: string | Buffer): Fault => ({
  kind: 'body',
  text,
  headers: { 'content-type': 'application/json' },
});
const mangleFault = (change: (body: never) => unknown): Fault => ({
  kind: 'mangle',
  change: (body) => change(body as never),
});

describe.concurrent('an invalid answer to a read', () => {
  const rows: [name: string, fault: Fault, message: RegExp][] = [
    [
      'HTML',
      { kind: 'body', text: '<html><title>Log in</title>' },
      /it is not JSON but text\/html/,
    ],
    ['an empty body', jsonBodyFault(''), /it is empty/],
    ['only spaces', jsonBodyFault(' \n '), /it is empty/],
    [
      'truncated JSON',
      jsonBodyFault('[{"to":{"type":"user"'),
      /it is not JSON, although declared as app/,
    ],
    ['two JSON documents', jsonBodyFault('[][]'), /it is not JSON, although/],
    ['NaN', jsonBodyFault('NaN'), /it is not JSON, although/],
    [
      'a number',
      jsonBodyFault('1e999'),
      /the whole answer does not have the expected form: it is Infinity/,
    ],
    ['4 MiB of opening brackets', jsonBodyFault('['.repeat(4 * MIB)), /it is not JSON/],
    [
      'a million nested lists',
      jsonBodyFault('['.repeat(1e6) + ']'.repeat(1e6)),
      /more than 50 levels deep/,
    ],
    [
      'one byte more than 8 MiB',
      jsonBodyFault(`[${' '.repeat(8 * MIB - 1)}]`),
      /larger than 8 MiB/,
    ],
    [
      'a gzip body',
      {
        kind: 'body',
        text: gzipSync('[]'),
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      },
      /not JSON, although declared as application\/json, encoded as gzip/,
    ],
    ['a redirect', { kind: 'redirect', location: '/elsewhere' }, /redirect \(302 to 127\.0\.0\.1/],
  ];
  const readings: ReadKind[] = ['record', 'memberof', 'associations', 'users'];
  const cases = rows.flatMap((row, index) =>
    // A sample is every fourth case, which is one read for each row. The rotation makes this read
    // differ from row to row.
    rotate(readings, index % readings.length).map((reading) => [reading, ...row] as const),
  );
  test.each(sampleRows(cases))(
    'a run fails before any write when the answer to a read of %s is %s',
    async (reading, _, fault, message) => {
      await withSetup(async (setup) => {
        setup.fault(reading, { fault });
        expectUnexpectedResponse(await setup.run(READING_MODULES[reading]), message);
        expect(setup.writes()).toEqual([]);
      });
    },
  );

  test.each<Fault>([jsonBodyFault('<html>'), { kind: 'status', status: 204 }, jsonBodyFault('[]')])(
    'a removal fails before any write when a read of the record is answered with %j',
    async (fault) => {
      await withSetup(async (setup) => {
        setup.fault('record', { fault });
        expectUnexpectedResponse(
          await setup.run('jumpcloud_removal'),
          /^Could not read the record/,
        );
        expect(setup.writes()).toEqual([]);
      });
    },
  );

  test.each<ReadKind>(['memberof', 'associations'])(
    'a removal of associations fails before any write when a read of %s is answered with HTML',
    async (reading) => {
      await withSetup(async (setup) => {
        setup.fault(reading, { fault: { kind: 'body', text: '<html>' } });
        const answer = await setup.run('jumpcloud_removal', { scope: 'associations' });
        expectUnexpectedResponse(answer, /it is not JSON but text\/html/);
        expect(setup.writes()).toEqual([]);
      });
    },
  );
});

describe.concurrent('the answer to a read of the record', () => {
  const rows: [name: string, fault: Fault, message: RegExp][] = [
    [
      'of another system',
      mangleFault((it: object) => ({ ...it, _id: OTHER_ID, id: OTHER_ID })),
      /the record of system 0/,
    ],
    [
      'with two different ids',
      mangleFault((it: object) => ({ ...it, id: OTHER_ID })),
      /is the record of system 0123/,
    ],
    ['without a system id', mangleFault(() => ({})), /it has no system id/],
    ['nested too deeply', mangleFault((it: object) => ({ ...it, tags: nest(60) })), /50 levels/],
  ];
  test.each(rows)('a record %s is refused', async (_, fault, message) => {
    await withSetup(async (setup) => {
      setup.fault('record', { fault });
      expectUnexpectedResponse(await setup.run('jumpcloud_system'), message);
      expect(setup.writes()).toEqual([]);
    });
  });

  test('a record that is not UTF-8 is refused', async () => {
    // A run that accepted the record would write damaged attributes back.
    await withSetup(async (setup) => {
      const { systemId } = setup.host;
      const text = `{"_id":"${systemId}","attributes":[{"name":"owner","value":"J\xfcrgen"}]}`;
      setup.fault('record', { fault: jsonBodyFault(Buffer.from(text, 'latin1')) });
      expectUnexpectedResponse(await setup.run('jumpcloud_system'), /it is JSON that is not UTF-8/);
      expect(setup.writes()).toEqual([]);
    });
  });

  const harmlessRecords: [name: string, text: (id: string) => string][] = [
    ['with an upper-case id', (id) => `{"_id":"${id.toUpperCase()}"}`],
    [
      'with huge numbers in unknown fields',
      (id) => `{"id":"${id}","n":1e999,"m":${'9'.repeat(400)}}`,
    ],
    [
      'with a __proto__ key',
      (id) => `{"_id":"${id}","__proto__":{"description":7,"attributes":7}}`,
    ],
    ['of 8 MiB', (id) => `{"_id":"${id}"}${' '.repeat(8 * MIB - 34)}`],
    ['after early hints', (id) => `{"_id":"${id}"}`],
  ];
  test.each(harmlessRecords)('a record %s is accepted', async (name, text) => {
    await withSetup(async ({ host }) => {
      const body = text(host.systemId);
      const hints = name.includes('hints') ? 'HTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\n' : '';
      const length = Buffer.byteLength(body);
      const server = await startBadServer((socket) =>
        socket.write(`${hints}HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${body}`),
      );
      const connection = { agent_dir: host.agentDir, api_url: server.url, timeout: 15 };
      const { answer, peakMb } = await runMeasured('jumpcloud_system', connection);
      server.close();
      expect(answer, answer.msg).toMatchObject({ changed: false, msg: 'Nothing to change.' });
      expect(peakMb).toBeLessThan(120);
    });
  });
});

function nest(levels: number): unknown {
  return levels === 0 ? 1 : [nest(levels - 1)];
}

describe.concurrent('an unexpected status', () => {
  const rows: [status: number, code: string, message: RegExp][] = [
    [201, 'unexpected_response', /status 201, which JumpCloud never sends for this/],
    [204, 'unexpected_response', /status 204/],
    [206, 'unexpected_response', /status 206/],
    [299, 'unexpected_response', /status 299/],
    [300, 'unexpected_response', /status 300/],
    [304, 'unexpected_response', /status 304/],
    [399, 'unexpected_response', /status 399/],
    [400, 'rejected', /answered 400 Bad Request: "injected"\. Correct/],
    [402, 'rejected', /answered 402\b/],
    [418, 'rejected', /answered 418: "injected"/],
    [451, 'rejected', /answered 451/],
    [499, 'rejected', /answered 499: "injected"/],
    [501, 'unexpected_response', /status 501/],
    [505, 'unexpected_response', /status 505/],
    [528, 'unexpected_response', /status 528/],
    [600, 'unexpected_response', /status 600/],
    [999, 'unexpected_response', /status 999/],
  ];
  test.each(rows)(
    'a read that is answered with %i fails the run with the error code `%s`',
    async (status, code, message) => {
      await withSetup(async (setup) => {
        setup.fault('associations', { fault: { kind: 'status', status } });
        const answer = await setup.run('jumpcloud_user_binding');
        expect(answer.msg).toMatch(message);
        expect(answer).toMatchObject({ changed: false, failed: true, error: { code, status } });
        expect(setup.writes()).toEqual([]);
      });
    },
  );

  test('an unrequested status 101 fails the run without a retry', async () => {
    await withSetup(async ({ host }) => {
      const upgrade = 'Connection: Upgrade\r\nUpgrade: h2c\r\n';
      const server = await startBadServer((socket) =>
        socket.write(`HTTP/1.1 101 No\r\n${upgrade}\r\n`),
      );
      const connection = { agent_dir: host.agentDir, api_url: server.url, timeout: 15 };
      const { answer } = await runMeasured('jumpcloud_system', connection);
      expectUnexpectedResponse(answer, /the answer is 101 Switching Protocols, which was not/);
      expect(server.received).toHaveLength(1);
      server.close();
    });
  });

  test.each([403, 404, 407])(
    "when a %i does not come from JumpCloud, the run's message suggests a gateway, proxy or firewall",
    async (status) => {
      await withSetup(async (setup) => {
        setup.fault('record', { fault: { kind: 'body', status, text: '<html>Blocked' } });
        const answer = await setup.run('jumpcloud_system');
        expect(answer.msg).toMatch(
          status === 404
            ? /answered 404 Not Found, but not in JumpCloud's form .* a gateway/
            : /without a message from JumpCloud\. .* proxy or firewall/,
        );
      });
    },
  );
});

describe.concurrent('a redirect', () => {
  const calls: [module: ModuleName, which: ReadKind | 'PUT' | 'POST' | 'DELETE'][] = [
    ['jumpcloud_system', 'record'],
    ['jumpcloud_user_binding', 'associations'],
    ['jumpcloud_system', 'PUT'],
    ['jumpcloud_group_membership', 'POST'],
    ['jumpcloud_removal', 'DELETE'],
  ];
  const rows = [301, 302, 303, 307, 308].flatMap((status) =>
    calls.map((call) => [status, ...call] as const),
  );
  test.each(rows)(
    'a redirect with %i makes %s fail, and no request goes to the new location (redirected request: %s)',
    async (status, module, which) => {
      await withSetup(async (setup) => {
        const second = await startBadServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n{}'));
        const headers = { location: `${second.url}/api/systems/${setup.host.systemId}?a=b` };
        setup.fault(which, { fault: { kind: 'status', status, headers } });
        const answer = await setup.run(module);
        expectUnexpectedResponse(
          answer,
          new RegExp(`redirect \\(${status} to 127\\.0\\.0\\.1:\\d+\\)`),
        );
        expect(answer.msg).not.toContain('a=b');
        expect(second.received).toEqual([]);
        expect(setup.requests().filter((request) => request.status === status)).toHaveLength(1);
        second.close();
      });
    },
  );
});

describe.concurrent('an answer that is not HTTP', () => {
  const rows: [name: string, text: string | Buffer][] = [
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['HTTP/0.9', '<html>hello</html>'],
    ['HTTP/2', Buffer.from('000012040000000000000300000064', 'hex')],
    ['a TLS handshake', Buffer.from('160303004a0200004603030123456789', 'hex')],
    ['HTTP without a status', 'HTTP/1.1\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 42 No\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nhello\r\n\r\n'],
    ['a header with a NUL', 'HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n'],
    ['an invalid length', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}'],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
    ['RTSP', 'RTSP/1.0 200 OK\r\n\r\n'],
  ];
  test.each(rows)('an answer that is not well-formed HTTP/1 is refused: %s', async (_, text) => {
    await withSetup(async ({ host }) => {
      const server = await startBadServer((socket) => socket.write(text));
      const connection = { agent_dir: host.agentDir, api_url: server.url, timeout: 15 };
      const { answer } = await runMeasured('jumpcloud_system', connection);
      expectUnexpectedResponse(answer, /did not answer as JumpCloud does: the answer is not HTTP/);
      expect(server.received).toHaveLength(1);
      server.close();
    });
  });
});

describe.concurrent('an answer with a contradictory length', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n';
  const CHUNKS = '2\r\n{}\r\n0\r\n\r\n';
  test.each([
    [
      'a Content-Length of 40 digits',
      `HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\n{}`,
    ],
    ['two different Content-Length headers', `${HEAD}Content-Length: 3\r\n\r\n{}`],
    ['the same Content-Length header twice', `${HEAD}Content-Length: 2\r\n\r\n{}`],
    [
      'two lengths in one Content-Length header',
      'HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}',
    ],
    [
      'Content-Length before Transfer-Encoding',
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
    ],
    [
      'Transfer-Encoding before Content-Length',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n${CHUNKS}`,
    ],
    [
      'two different Content-Length headers and Connection: close',
      `${HEAD}Connection: close\r\nContent-Length: 3\r\n\r\n{}`,
    ],
  ])('an answer with %s is refused without a retry', async (_, text) => {
    await withSetup(async ({ host }) => {
      const server = await startBadServer((socket) => socket.write(text));
      const connection = { agent_dir: host.agentDir, api_url: server.url, timeout: 15 };
      const { answer } = await runMeasured('jumpcloud_system', connection);
      expectUnexpectedResponse(answer, /did not answer as JumpCloud does: the answer is not HTTP/);
      expect(server.received).toHaveLength(1);
      server.close();
    });
  });

  test.each(['', 'Connection: close\r\n'])(
    'a body longer than its Content-Length is refused (additional header: %j)',
    async (connectionHeader) => {
      await withSetup(async ({ host }) => {
        const record = `{"_id":"${host.systemId}","description":"a"}`;
        const length = `Content-Length: ${record.length - 5}`;
        const server = await startBadServer((socket) =>
          socket.write(`HTTP/1.1 200 OK\r\n${connectionHeader}${length}\r\n\r\n${record}`),
        );
        const connection = { agent_dir: host.agentDir, api_url: server.url, timeout: 15 };
        const { answer } = await runMeasured('jumpcloud_system', connection);
        server.close();
        expectUnexpectedResponse(answer, /it is not JSON/);
      });
    },
  );

  test('an answer to CONNECT is refused without a retry if it has two Content-Length headers', async () => {
    await withSetup(async ({ host }) => {
      const server = await startBadServer((socket) =>
        socket.write(`${HEAD}Content-Length: 3\r\n\r\n`),
      );
      const connection = { agent_dir: host.agentDir, proxy: server.url, timeout: 15 };
      const { answer } = await runMeasured('jumpcloud_system', connection);
      expect(answer.error?.code).toBe('unexpected_response');
      expect(server.received).toHaveLength(1);
      server.close();
    });
  });
});

describe.concurrent('a truncated answer', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
  const rows: [name: string, text: string][] = [
    ['within its headers', 'HTTP/1.1 200 OK\r\nContent-'],
    ['before its Content-Length', `${HEAD}Content-Length: 100\r\n\r\n{"_id"`],
    [
      'before its Content-Length, with Connection: close',
      `${HEAD}Connection: close\r\nContent-Length: 99\r\n\r\n{"_id"`,
    ],
    ['within a chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{"_id`],
    [
      'within a chunk, with Connection: close',
      `${HEAD}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"_id`,
    ],
    [
      'before its last chunk',
      `${HEAD}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n`,
    ],
  ];
  test.each(rows)('a request is retried when its answer ends %s', async (_, text) => {
    await withSetup(async ({ host }) => {
      const good = `{"_id":"${host.systemId}"}`;
      const server = await startBadServer((socket, _head, count) => {
        if (count < 2) socket.end(text);
        else socket.write(`${HEAD}Content-Length: ${good.length}\r\n\r\n${good}`);
      });
      const connection = { agent_dir: host.agentDir, api_url: server.url, timeout: 15 };
      const { answer } = await runMeasured('jumpcloud_system', connection);
      expect(answer.msg).toBe('Nothing to change.');
      expect(server.received.length).toBeGreaterThan(2);
      server.close();
    });
  });

  test('a second answer to one request is not used for the next request', async () => {
    await withSetup(async ({ host }) => {
      const responseWith = (text: string) => `${HEAD}Content-Length: ${text.length}\r\n\r\n${text}`;
      const record = responseWith(`{"_id":"${host.systemId}","description":"a"}`);
      const forged = responseWith(`{"_id":"${host.systemId}","description":"forged"}`);
      const server = await startBadServer((socket, head) =>
        socket.write(head.startsWith('PUT') ? record : `${record}${forged}`),
      );
      const connection = { agent_dir: host.agentDir, api_url: server.url, timeout: 15 };
      const { answer } = await runMeasured('jumpcloud_system', { ...connection, description: 'b' });
      server.close();
      expect(answer.msg).not.toContain('forged');
      expect(answer.error?.code).toMatch(/^(not_applied|unexpected_response)$/);
    });
  });
});

describe.concurrent('the answer to a read of a list', () => {
  const entry = (id: string) => ({ type: 'system_group', id, paths: [], compiledAttributes: null });
  const ids = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => (from + i).toString(16).padStart(24, '0'));

  test('a repeated entry of a list is counted once', async () => {
    await withSetup(async (setup) => {
      const fault = mangleFault((list: object[]) => [...list, ...list, ...list]);
      setup.fault('memberof', { fault, times: 9 });
      const options = { groups: [], exclusive: true };
      const answer = await setup.run('jumpcloud_group_membership', options);
      expect(answer).toMatchObject({ changed: true, groups: [], removed: [setup.group] });
      expect(setup.writes()).toHaveLength(1);
    });
  });

  test('a list that repeats an entry with different attributes is refused', async () => {
    await withSetup(async (setup) => {
      const fault = mangleFault((list: object[]) => [...list, { ...list[0], attributes: null }]);
      setup.fault('associations', { fault });
      const answer = await setup.run('jumpcloud_user_binding');
      expectUnexpectedResponse(
        answer,
        new RegExp(`it lists ${setup.user} twice with different contents`),
      );
      expect(setup.writes()).toEqual([]);
    });
  });

  test('a list with upper-case ids is accepted', async () => {
    await withSetup(async (setup) => {
      const fault = mangleFault((list: never[]) =>
        JSON.parse(JSON.stringify(list).replace(/"[0-9a-f]{24}"/g, (id) => id.toUpperCase())),
      );
      setup.fault('memberof', { fault, times: 9 });
      const options = { groups: [setup.group], exclusive: true };
      const answer = await setup.run('jumpcloud_group_membership', options);
      expect(answer).toMatchObject({ changed: false, groups: [setup.group] });
    });
  });

  test('a list of objects of an unknown type is refused', async () => {
    await withSetup(async (setup) => {
      const type = `a\u001b[31m${'x'.repeat(10_000)}`;
      setup.fault('memberof', { fault: mangleFault(() => [{ ...entry(OTHER_ID), type }]) });
      const answer = await setup.run('jumpcloud_group_membership');
      expectUnexpectedResponse(answer, /it lists a foreign object among system groups/);
      expect(setup.writes()).toEqual([]);
    });
  });

  test('a list with pages longer than requested is read to its end', async () => {
    await withSetup(async (setup) => {
      const skipped = () => Number(/skip=(\d+)/.exec(setup.requests().at(-1)?.url ?? '')?.[1]);
      const fault = mangleFault(() => ids(250).slice(skipped()).map(entry));
      setup.fault('memberof', { fault, times: 9 });
      const answer = await setup.run('jumpcloud_system_info', { gather: ['groups'] });
      expect(answer['groups']).toHaveLength(250);
    });
  });

  test('a list that returns the same page twice is refused', async () => {
    await withSetup(async (setup) => {
      const fault = mangleFault(() => ids(100).map(entry));
      setup.fault('memberof', { fault, times: 9 });
      const answer = await setup.run('jumpcloud_group_membership');
      expect(answer.msg).toMatch(/returned the same page of system groups twice\. Run again/);
      expect(answer.error?.code).toBe('unexpected_response');
      expect(setup.requests()).toHaveLength(2);
    });
  });

  test.each([0, 50_000])(
    'an endless list is refused (%i extra bytes in each page)',
    async (extraBytes) => {
      await withSetup(async (setup) => {
        let pageCount = 0;
        const fault = mangleFault(() => {
          // Each page begins with the last entry of the previous page, because the pages overlap.
          const page = ids(100, 99 * pageCount++).map(entry);
          return [{ ...page[0], more: 'x'.repeat(extraBytes) }, ...page.slice(1)];
        });
        setup.fault('memberof', { fault, times: 1e6 });
        const options = { ...setup.options('jumpcloud_group_membership'), timeout: 100 };
        const { answer, peakMb } = await runMeasured('jumpcloud_group_membership', options);
        expect(answer.msg).toMatch(/did not end after 1000 pages of 100\. Check/);
        expect(answer.error?.code).toBe('unexpected_response');
        expect(setup.writes()).toEqual([]);
        expect(peakMb).toBeLessThan(150);
      });
    },
    120_000,
  );
});

describe.concurrent('an invalid answer to a write', () => {
  const invalidAnswers: [name: string, fault: Fault][] = [
    ['HTML', mangleFault(() => 'no record')],
    ['the record of another system', mangleFault((it: object) => ({ ...it, _id: OTHER_ID }))],
    ['a number as displayName', mangleFault((it: object) => ({ ...it, displayName: 7 }))],
    ['status 299', { kind: 'status', status: 299, applied: true }],
    ['status 505', { kind: 'status', status: 505, applied: true }],
    ['endless headers', { kind: 'endless-headers' }],
    ['an endless body', { kind: 'endless-body' }],
  ];
  test.each(invalidAnswers)(
    'a run fails and reports may_be_done when a PUT is answered with %s',
    async (_, fault) => {
      await withSetup(async (setup) => {
        setup.fault('PUT', { fault });
        const answer = await setup.run('jumpcloud_system');
        expectUnexpectedResponse(
          answer,
          /^Could not change the record .* may still have been made/,
        );
        expect(answer.error).toMatchObject({ may_be_done: true });
        expect(setup.writes()).toHaveLength(1);
        expect(await setup.run('jumpcloud_system')).toMatchObject({ changed: false });
      });
    },
  );

  test.each<[name: string, fault: Fault]>([
    ['endless headers', { kind: 'endless-headers' }],
    ['status 505', { kind: 'status', status: 505, applied: true }],
  ])('a run fails and reports may_be_done when a POST is answered with %s', async (_, fault) => {
    await withSetup(async (setup) => {
      setup.fault('POST', { fault });
      const answer = await setup.run('jumpcloud_association');
      expectUnexpectedResponse(
        answer,
        /^Could not add the association .* may still have been made/,
      );
      expect(answer.error).toMatchObject({ may_be_done: true });
      expect(setup.writes()).toHaveLength(1);
      expect(await setup.run('jumpcloud_association')).toMatchObject({ changed: false });
    });
  });

  test('the body of a successful POST is ignored', async () => {
    await withSetup(async (setup) => {
      setup.fault('POST', {
        fault: { kind: 'status', status: 202, text: '<html>', applied: true },
      });
      expect(await setup.run('jumpcloud_association')).toMatchObject({ changed: true });
    });
  });
});

/** Moves the first `count` items to the end. */
function rotate<T>(items: readonly T[], count: number): T[] {
  return [...items.slice(count), ...items.slice(0, count)];
}
