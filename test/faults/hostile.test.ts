import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../emulator/faults.ts';
import type { Answer, ModuleName } from '../harness/executable.ts';
import { badServer } from './bad-server.ts';
import { type HostileStage, READER, type Reading, setStage } from './hostile-host.ts';
import { runMeasured } from './measured.ts';

const OTHER = '0123456789abcdef01234567';
const MIB = 1024 * 1024;

/** A stage of its own, taken down at the end. */
async function onStage(act: (stage: HostileStage) => Promise<void>): Promise<void> {
  const stage = await setStage();
  try {
    await act(stage);
  } finally {
    await stage.close();
  }
}

function expectUnexpected(answer: Answer, message: RegExp): void {
  expect(answer.msg).toMatch(message);
  expect(answer).toMatchObject({ failed: true, error: { code: 'unexpected_response' } });
  expect(answer.msg).toMatch(/^Could not [\w ]+: .*\. (Check|Run again)/);
}

const json = (text: string | Buffer): Fault => ({
  kind: 'body',
  text,
  headers: { 'content-type': 'application/json' },
});
const mangle = (change: (body: never) => unknown): Fault => ({
  kind: 'mangle',
  change: (body) => change(body as never),
});

describe.concurrent('an answer that is none, whoever reads it, is refused before a write:', () => {
  const rows: [name: string, fault: Fault, message: RegExp][] = [
    [
      'HTML',
      { kind: 'body', text: '<html><title>Log in</title>' },
      /it is not JSON but text\/html/,
    ],
    ['nothing', json(''), /it is empty/],
    ['blanks', json(' \n '), /it is empty/],
    ['JSON cut short', json('[{"to":{"type":"user"'), /it is not JSON, although declared app/],
    ['two JSON texts', json('[][]'), /it is not JSON, although/],
    ['NaN', json('NaN'), /it is not JSON, although/],
    ['a number', json('1e999'), /the whole is not of the expected form \(it is Infinity\)/],
    ['lists in lists for ever', json('['.repeat(4 * MIB)), /it is not JSON/],
    ['lists a million deep', json('['.repeat(1e6) + ']'.repeat(1e6)), /more than 50 levels deep/],
    ['one byte more than 8 MiB', json(`[${' '.repeat(8 * MIB - 1)}]`), /larger than 8 MiB/],
    [
      'gzip',
      {
        kind: 'body',
        text: gzipSync('[]'),
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      },
      /not JSON, although declared application\/json, encoded as gzip/,
    ],
    ['a redirect', { kind: 'redirect', location: '/elsewhere' }, /redirect \(302 to 127\.0\.0\.1/],
  ];
  const readings: Reading[] = ['record', 'memberof', 'associations', 'users'];
  test.each(readings.flatMap((reading) => rows.map((row) => [reading, ...row] as const)))(
    '%s: %s',
    async (reading, _, fault, message) => {
      await onStage(async (stage) => {
        stage.fault(reading, { fault });
        expectUnexpected(await stage.run(READER[reading]), message);
        expect(stage.writes()).toEqual([]);
      });
    },
  );

  test.each<Fault>([json('<html>'), { kind: 'status', status: 204 }, json('[]')])(
    'a removal of the record: %j',
    async (fault) => {
      await onStage(async (stage) => {
        stage.fault('record', { fault });
        expectUnexpected(await stage.run('jumpcloud_removal'), /^Could not read the record/);
        expect(stage.writes()).toEqual([]);
      });
    },
  );

  test.each<Reading>(['memberof', 'associations'])(
    'a removal of the associations: HTML among %s',
    async (reading) => {
      await onStage(async (stage) => {
        stage.fault(reading, { fault: { kind: 'body', text: '<html>' } });
        const answer = await stage.run('jumpcloud_removal', { scope: 'associations' });
        expectUnexpected(answer, /it is not JSON but text\/html/);
        expect(stage.writes()).toEqual([]);
      });
    },
  );
});

describe.concurrent('a record', () => {
  const rows: [name: string, fault: Fault, message: RegExp][] = [
    [
      'of another system',
      mangle((it: object) => ({ ...it, _id: OTHER, id: OTHER })),
      /the record of 0/,
    ],
    ['of two systems', mangle((it: object) => ({ ...it, id: OTHER })), /is the record of 0123/],
    ['of no system', mangle(() => ({})), /it is the record of no system/],
    ['nested too deep', mangle((it: object) => ({ ...it, tags: nested(60) })), /50 levels/],
  ];
  test.each(rows)('%s is refused', async (_, fault, message) => {
    await onStage(async (stage) => {
      stage.fault('record', { fault });
      expectUnexpected(await stage.run('jumpcloud_system'), message);
      expect(stage.writes()).toEqual([]);
    });
  });

  test('that is not UTF-8 is refused: its attributes would be written back spoilt', async () => {
    await onStage(async (stage) => {
      const { systemId } = stage.host;
      const text = `{"_id":"${systemId}","attributes":[{"name":"owner","value":"J\xfcrgen"}]}`;
      stage.fault('record', { fault: json(Buffer.from(text, 'latin1')) });
      expectUnexpected(await stage.run('jumpcloud_system'), /it is JSON that is not UTF-8/);
      expect(stage.writes()).toEqual([]);
    });
  });

  const harmless: [name: string, text: (id: string) => string][] = [
    ['with its id in capitals', (id) => `{"_id":"${id.toUpperCase()}"}`],
    [
      'with huge numbers where nobody looks',
      (id) => `{"id":"${id}","n":1e999,"m":${'9'.repeat(400)}}`,
    ],
    ['with a prototype', (id) => `{"_id":"${id}","__proto__":{"description":7,"attributes":7}}`],
    ['with 8 MiB', (id) => `{"_id":"${id}"}${' '.repeat(8 * MIB - 34)}`],
    ['with hints before it', (id) => `{"_id":"${id}"}`],
  ];
  test.each(harmless)('%s is read', async (name, text) => {
    await onStage(async ({ host }) => {
      const body = text(host.systemId);
      const hints = name.includes('hints') ? 'HTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\n' : '';
      const length = Buffer.byteLength(body);
      const server = await badServer((socket) =>
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

function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)];
}

describe.concurrent('a status that does not belong there', () => {
  const rows: [status: number, code: string, message: RegExp][] = [
    [201, 'unexpected_response', /status 201, which JumpCloud never gives here/],
    [204, 'unexpected_response', /status 204/],
    [206, 'unexpected_response', /status 206/],
    [299, 'unexpected_response', /status 299/],
    [300, 'unexpected_response', /status 300/],
    [304, 'unexpected_response', /status 304/],
    [399, 'unexpected_response', /status 399/],
    [400, 'rejected', /refused with 400 Bad Request: "injected"\. Correct/],
    [402, 'rejected', /refused with 402\b/],
    [418, 'rejected', /refused with 418: "injected"/],
    [451, 'rejected', /refused with 451/],
    [499, 'rejected', /refused with 499: "injected"/],
    [501, 'unexpected_response', /status 501/],
    [505, 'unexpected_response', /status 505/],
    [528, 'unexpected_response', /status 528/],
    [600, 'unexpected_response', /status 600/],
    [999, 'unexpected_response', /status 999/],
  ];
  test.each(rows)('%i to a read', async (status, code, message) => {
    await onStage(async (stage) => {
      stage.fault('associations', { fault: { kind: 'status', status } });
      const answer = await stage.run('jumpcloud_user_binding');
      expect(answer.msg).toMatch(message);
      expect(answer).toMatchObject({ changed: false, failed: true, error: { code, status } });
      expect(stage.writes()).toEqual([]);
    });
  });

  test('101 that was not asked for is refused at once', async () => {
    await onStage(async ({ host }) => {
      const upgrade = 'Connection: Upgrade\r\nUpgrade: h2c\r\n';
      const server = await badServer((socket) => socket.write(`HTTP/1.1 101 No\r\n${upgrade}\r\n`));
      const connection = { agent_dir: host.agentDir, api_url: server.url, timeout: 15 };
      const { answer } = await runMeasured('jumpcloud_system', connection);
      expectUnexpected(answer, /the answer is 101, which switches to a protocol/);
      expect(server.received).toHaveLength(1);
      server.close();
    });
  });

  test.each([403, 404, 407])('%i of a gateway says whom to ask', async (status) => {
    await onStage(async (stage) => {
      stage.fault('record', { fault: { kind: 'body', status, text: '<html>Blocked' } });
      const answer = await stage.run('jumpcloud_system');
      expect(answer.msg).toMatch(
        status === 404
          ? /answered 404 Not Found, but not as JumpCloud does .* a gateway/
          : /without a word of JumpCloud's\. .* proxy or firewall/,
      );
    });
  });
});

describe.concurrent('a redirect is not followed, and no other server hears of it:', () => {
  const calls: [module: ModuleName, which: Reading | 'PUT' | 'POST' | 'DELETE'][] = [
    ['jumpcloud_system', 'record'],
    ['jumpcloud_user_binding', 'associations'],
    ['jumpcloud_system', 'PUT'],
    ['jumpcloud_group_membership', 'POST'],
    ['jumpcloud_removal', 'DELETE'],
  ];
  const rows = [301, 302, 303, 307, 308].flatMap((status) =>
    calls.map((call) => [status, ...call] as const),
  );
  test.each(rows)('%i to %s at %s', async (status, module, which) => {
    await onStage(async (stage) => {
      const second = await badServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n{}'));
      const headers = { location: `${second.url}/api/systems/${stage.host.systemId}?a=b` };
      stage.fault(which, { fault: { kind: 'status', status, headers } });
      const answer = await stage.run(module);
      expectUnexpected(answer, new RegExp(`redirect \\(${status} to 127\\.0\\.0\\.1:\\d+\\)`));
      expect(answer.msg).not.toContain('a=b');
      expect(second.received).toEqual([]);
      expect(stage.requests().filter((request) => request.status === status)).toHaveLength(1);
      second.close();
    });
  });
});

describe.concurrent('what is not HTTP is refused:', () => {
  const rows: [name: string, text: string | Buffer][] = [
    ['a greeting of SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['HTTP/0.9', '<html>hello</html>'],
    ['HTTP/2', Buffer.from('000012040000000000000300000064', 'hex')],
    ['TLS', Buffer.from('160303004a0200004603030123456789', 'hex')],
    ['no status', 'HTTP/1.1\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 42 No\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nhello\r\n\r\n'],
    ['a header with a NUL', 'HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}'],
    ['a chunk of no size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
    ['RTSP', 'RTSP/1.0 200 OK\r\n\r\n'],
  ];
  test.each(rows)('%s', async (_, text) => {
    await onStage(async ({ host }) => {
      const server = await badServer((socket) => socket.write(text));
      const connection = { agent_dir: host.agentDir, api_url: server.url, timeout: 15 };
      const { answer } = await runMeasured('jumpcloud_system', connection);
      expectUnexpected(answer, /did not answer as JumpCloud does: the answer is not HTTP/);
      expect(server.received).toHaveLength(1);
      server.close();
    });
  });
});

describe.concurrent('an answer that contradicts itself about its length is refused at once:', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n';
  const CHUNKS = '2\r\n{}\r\n0\r\n\r\n';
  test.each([
    ['a length beyond numbers', `HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\n{}`],
    ['two lengths', `${HEAD}Content-Length: 3\r\n\r\n{}`],
    ['the same length twice', `${HEAD}Content-Length: 2\r\n\r\n{}`],
    ['two lengths in one header', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}'],
    ['a length and chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n${CHUNKS}`],
    [
      'chunks and a length',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n${CHUNKS}`,
    ],
    ['two lengths, not kept alive', `${HEAD}Connection: close\r\nContent-Length: 3\r\n\r\n{}`],
  ])('%s', async (_, text) => {
    await onStage(async ({ host }) => {
      const server = await badServer((socket) => socket.write(text));
      const connection = { agent_dir: host.agentDir, api_url: server.url, timeout: 15 };
      const { answer } = await runMeasured('jumpcloud_system', connection);
      expectUnexpected(answer, /did not answer as JumpCloud does: the answer is not HTTP/);
      expect(server.received).toHaveLength(1);
      server.close();
    });
  });

  test.each(['', 'Connection: close\r\n'])(
    'a body longer than announced (%j)',
    async (connectionHeader) => {
      await onStage(async ({ host }) => {
        const record = `{"_id":"${host.systemId}","description":"a"}`;
        const length = `Content-Length: ${record.length - 5}`;
        const server = await badServer((socket) =>
          socket.write(`HTTP/1.1 200 OK\r\n${connectionHeader}${length}\r\n\r\n${record}`),
        );
        const connection = { agent_dir: host.agentDir, api_url: server.url, timeout: 15 };
        const { answer } = await runMeasured('jumpcloud_system', connection);
        server.close();
        expectUnexpected(answer, /it is not JSON/);
      });
    },
  );

  test('a proxy that answers CONNECT with two lengths', async () => {
    await onStage(async ({ host }) => {
      const server = await badServer((socket) => socket.write(`${HEAD}Content-Length: 3\r\n\r\n`));
      const connection = { agent_dir: host.agentDir, proxy: server.url, timeout: 15 };
      const { answer } = await runMeasured('jumpcloud_system', connection);
      expect(answer.error?.code).toBe('unexpected_response');
      expect(server.received).toHaveLength(1);
      server.close();
    });
  });
});

describe.concurrent('an answer that is cut short is tried again:', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
  const rows: [name: string, text: string][] = [
    ['in its headers', 'HTTP/1.1 200 OK\r\nContent-'],
    ['by its length', `${HEAD}Content-Length: 100\r\n\r\n{"_id"`],
    [
      'by its length, not kept alive',
      `${HEAD}Connection: close\r\nContent-Length: 99\r\n\r\n{"_id"`,
    ],
    ['in its chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{"_id`],
    [
      'in its chunks, not kept alive',
      `${HEAD}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"_id`,
    ],
    [
      'before its last chunk',
      `${HEAD}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n`,
    ],
  ];
  test.each(rows)('%s', async (_, text) => {
    await onStage(async ({ host }) => {
      const good = `{"_id":"${host.systemId}"}`;
      const server = await badServer((socket, _head, count) => {
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

  test('more than one answer to one request is not taken for the next', async () => {
    await onStage(async ({ host }) => {
      const answerOf = (text: string) => `${HEAD}Content-Length: ${text.length}\r\n\r\n${text}`;
      const record = answerOf(`{"_id":"${host.systemId}","description":"a"}`);
      const forged = answerOf(`{"_id":"${host.systemId}","description":"forged"}`);
      const server = await badServer((socket, head) =>
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

describe.concurrent('a list', () => {
  const entry = (id: string) => ({ type: 'system_group', id, paths: [], compiledAttributes: null });
  const ids = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => (from + i).toString(16).padStart(24, '0'));

  test('with an entry twice counts it once', async () => {
    await onStage(async (stage) => {
      const fault = mangle((list: object[]) => [...list, ...list, ...list]);
      stage.fault('memberof', { fault, times: 9 });
      const options = { groups: [], exclusive: true };
      const answer = await stage.run('jumpcloud_group_membership', options);
      expect(answer).toMatchObject({ changed: true, groups: [], removed: [stage.group] });
      expect(stage.writes()).toHaveLength(1);
    });
  });

  test('with an entry twice, differently, is refused', async () => {
    await onStage(async (stage) => {
      const fault = mangle((list: object[]) => [...list, { ...list[0], attributes: null }]);
      stage.fault('associations', { fault });
      const answer = await stage.run('jumpcloud_user_binding');
      expectUnexpected(answer, new RegExp(`it lists ${stage.user} twice, differently`));
      expect(stage.writes()).toEqual([]);
    });
  });

  test('with ids in capitals is read like any', async () => {
    await onStage(async (stage) => {
      const fault = mangle((list: never[]) =>
        JSON.parse(JSON.stringify(list).replace(/"[0-9a-f]{24}"/g, (id) => id.toUpperCase())),
      );
      stage.fault('memberof', { fault, times: 9 });
      const options = { groups: [stage.group], exclusive: true };
      const answer = await stage.run('jumpcloud_group_membership', options);
      expect(answer).toMatchObject({ changed: false, groups: [stage.group] });
    });
  });

  test('of something else is refused, whatever it calls itself', async () => {
    await onStage(async (stage) => {
      const type = `a\u001b[31m${'x'.repeat(10_000)}`;
      stage.fault('memberof', { fault: mangle(() => [{ ...entry(OTHER), type }]) });
      const answer = await stage.run('jumpcloud_group_membership');
      expectUnexpected(answer, /it lists a stranger among system groups/);
      expect(stage.writes()).toEqual([]);
    });
  });

  test('that is longer than asked for is read to its end', async () => {
    await onStage(async (stage) => {
      const skipped = () => Number(/skip=(\d+)/.exec(stage.requests().at(-1)?.url ?? '')?.[1]);
      const fault = mangle(() => ids(250).slice(skipped()).map(entry));
      stage.fault('memberof', { fault, times: 9 });
      const answer = await stage.run('jumpcloud_system_info', { gather: ['groups'] });
      expect(answer['groups']).toHaveLength(250);
    });
  });

  test('that repeats its page for ever is refused', async () => {
    await onStage(async (stage) => {
      const fault = mangle(() => ids(100).map(entry));
      stage.fault('memberof', { fault, times: 9 });
      const answer = await stage.run('jumpcloud_group_membership');
      expect(answer.msg).toMatch(/gave the same page of system groups again and again\. Run again/);
      expect(answer.error?.code).toBe('unexpected_response');
      expect(stage.requests()).toHaveLength(2);
    });
  });

  test.each([0, 50_000])(
    'that never ends is refused (%i bytes more in each page)',
    async (more) => {
      await onStage(async (stage) => {
        let read = 0;
        const fault = mangle(() => {
          // Each begins with the last entry of the one before, as that of a list that nobody changes.
          const page = ids(100, 99 * read++).map(entry);
          return [{ ...page[0], more: 'x'.repeat(more) }, ...page.slice(1)];
        });
        stage.fault('memberof', { fault, times: 1e6 });
        const options = { ...stage.options('jumpcloud_group_membership'), timeout: 100 };
        const { answer, peakMb } = await runMeasured('jumpcloud_group_membership', options);
        expect(answer.msg).toMatch(/did not end after 1000 pages of 100\. Check/);
        expect(answer.error?.code).toBe('unexpected_response');
        expect(stage.writes()).toEqual([]);
        expect(peakMb).toBeLessThan(150);
      });
    },
    120_000,
  );
});

describe.concurrent('a write that is answered with nonsense may have been made, and says so:', () => {
  const bodies: [name: string, fault: Fault][] = [
    ['HTML', mangle(() => 'no record')],
    ['another record', mangle((it: object) => ({ ...it, _id: OTHER }))],
    ['a number for a name', mangle((it: object) => ({ ...it, displayName: 7 }))],
    ['status 299', { kind: 'status', status: 299, applied: true }],
    ['status 505', { kind: 'status', status: 505, applied: true }],
    ['headers for ever', { kind: 'endless-headers' }],
    ['a body for ever', { kind: 'endless-body' }],
  ];
  test.each(bodies)('PUT: %s', async (_, fault) => {
    await onStage(async (stage) => {
      stage.fault('PUT', { fault });
      const answer = await stage.run('jumpcloud_system');
      expectUnexpected(answer, /^Could not change the record .* may have been made all the same/);
      expect(answer.error).toMatchObject({ may_be_done: true });
      expect(stage.writes()).toHaveLength(1);
      expect(await stage.run('jumpcloud_system')).toMatchObject({ changed: false });
    });
  });

  test.each<[name: string, fault: Fault]>([
    ['headers for ever', { kind: 'endless-headers' }],
    ['status 505', { kind: 'status', status: 505, applied: true }],
  ])('POST: %s', async (_, fault) => {
    await onStage(async (stage) => {
      stage.fault('POST', { fault });
      const answer = await stage.run('jumpcloud_association');
      expectUnexpected(answer, /^Could not add the association .* may have been made all the same/);
      expect(answer.error).toMatchObject({ may_be_done: true });
      expect(stage.writes()).toHaveLength(1);
      expect(await stage.run('jumpcloud_association')).toMatchObject({ changed: false });
    });
  });

  test('but what a POST is answered with success counts for nothing', async () => {
    await onStage(async (stage) => {
      stage.fault('POST', {
        fault: { kind: 'status', status: 202, text: '<html>', applied: true },
      });
      expect(await stage.run('jumpcloud_association')).toMatchObject({ changed: true });
    });
  });
});
