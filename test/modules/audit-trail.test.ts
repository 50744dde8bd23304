import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, vi } from 'vitest';
import type { CallOptions } from '../harness/executable.ts';
import { test as base, type TestHost } from '../harness/fixture.ts';
import { canHaveMounts, onHostWithPrograms } from '../harness/host-with-programs.ts';

const NOBODY_UID = 65534;

/**
 * Returns the words to put before a command. They create a /dev/log that writes each message to
 * `file`.
 */
const withDevLog = (file: string) => ['/bin/sh', '-c', DEV_LOG, 'sh', file];
const DEV_LOG = `
set -e
mkdir /run/dev
mount -t tmpfs tmpfs /run/dev
for device in null zero random urandom; do
  : > /run/dev/$device
  mount --bind /dev/$device /run/dev/$device
done
mount --rbind /run/dev /dev
/usr/bin/python3 -c '
import socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
log.settimeout(20)
out = open(sys.argv[1], "w")
while True:
    print(log.recv(8192).decode(), file=out, flush=True)
' "$1" > /dev/null 2>&1 &
until [ -S /dev/log ]; do sleep 0.1; done
shift
"$@"
status=$?
kill $!
exit $status
`;

/**
 * The words to put before a command. They remove the program `logger`, and then run the command.
 */
const WITHOUT_LOGGER = ['/bin/sh', '-c', 'rm -f /usr/bin/logger /bin/logger; exec "$@"', 'sh'];
const directories: string[] = [];

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
});

/** A host whose /usr/bin/logger is a shell script that records its arguments and input. */
interface LoggerHost {
  readonly call: CallOptions;
  /** The path of the script. */
  readonly script: string;
  /** Returns the arguments of each call of the replaced logger. */
  processes(): string[];
  /** Returns the lines that the replaced logger has read from stdin. */
  lines(): string[];
}

function makeLoggerHost(after = '', before = ''): LoggerHost {
  const directory = mkdtempSync(join(tmpdir(), 'audit-'));
  const programs = mkdtempSync(join(directory, 'programs-'));
  directories.push(directory);
  const script = join(programs, 'logger');
  const pathOf = (name: string) => join(directory, name);
  const recordCall = `echo "$@" >> ${pathOf('processes')}\n${before}\ncat >> ${pathOf('lines')}`;
  const environment = `tr '\\0' '\\n' < /proc/$$/environ > ${pathOf('environment')}`;
  writeFileSync(script, `#!/bin/sh\n${environment}\n${recordCall}\n${after}\n`);
  chmodSync(script, 0o755);
  const read = (name: string) =>
    existsSync(pathOf(name)) ? readFileSync(pathOf(name), 'utf8').split('\n').slice(0, -1) : [];
  return {
    call: { through: onHostWithPrograms({ programs }) },
    script,
    processes: () => read('processes'),
    lines: () => read('lines'),
  };
}

const test = base.extend('logger', () => makeLoggerHost());
test.beforeEach(({ emulator, skip }) => {
  skip(!canHaveMounts(), 'this machine does not allow mount namespaces');
  return () => emulator.faults.clear();
});

/** Options that change one setting. `lineOfChange` returns the log line. */
const CHANGE = { display_name: 'web-1' };
const lineOfChange = ({ systemId }: TestHost) =>
  `op=update type=system system=${systemId} fields=display_name`;

describe('the audit trail', () => {
  test('a run that fails at its third edge logs its earlier writes, but no attribute values', async ({
    emulator,
    host,
    logger,
  }) => {
    const { store } = emulator;
    const [group, user, policy] = [store.addGroup(), store.addUser(), store.add('policy')];
    store.associate(host.systemId, 'user', user);
    emulator.faults.refuse(policy, 403);
    const document = {
      system: { description: 'geheim-1', attributes: { role: 'geheim-2', env: 'geheim-3' } },
      groups: ['web "blue"\nop=delete'],
      users: [{ id: user, sudo: true }],
      policies: [policy],
      names: { system_group: { 'web "blue"\nop=delete': group }, user: { ada: user } },
    };
    const { answer } = await host.run('jumpcloud_host', document, logger.call);
    expect(answer).toMatchObject({ failed: true, changed: true, error: { code: 'rejected' } });
    const system = `system=${host.systemId}`;
    expect(logger.lines()).toEqual([
      `op=update type=system ${system} fields=description,attributes attributes=role,env`,
      `op=add type=system_group id=${group} ${system} name="web \\u0022blue\\u0022\\u000aop\\u003ddelete"`,
      `op=update type=user id=${user} sudo=true sudo_without_password=false ${system} name="ada"`,
    ]);
    expect(logger.processes()).toEqual(['-p authpriv.notice -t jumpcloud_host']);
  });

  test('check mode logs nothing', async ({ host, logger }) => {
    const call = { ...logger.call, flags: ['--check'] };
    expect((await host.run('jumpcloud_system', CHANGE, call)).answer.changed).toBe(true);
    expect(logger.processes()).toEqual([]);
  });

  test('a run without changes logs nothing', async ({ host, logger }) => {
    await host.run('jumpcloud_system', CHANGE);
    const { answer } = await host.run('jumpcloud_system', CHANGE, logger.call);
    expect(answer).toMatchObject({ changed: false });
    expect(logger.processes()).toEqual([]);
  });

  test('a refused write is not logged', async ({ host, logger }) => {
    host.hit({ kind: 'status', status: 400, text: '{"message":"no"}' }, { method: 'PUT' });
    const { answer } = await host.run('jumpcloud_system', CHANGE, logger.call);
    expect(answer).toMatchObject({ failed: true, changed: false });
    expect(logger.processes()).toEqual([]);
  });

  test('the log line of a removed edge does not mention sudo', async ({
    emulator,
    host,
    logger,
  }) => {
    const { store } = emulator;
    const [group, user] = [store.addGroup(), store.addUser()];
    store.join(host.systemId, group);
    store.associate(host.systemId, 'user', user);
    const options = { groups: [], users: [], exclusive: ['groups', 'users'] };
    await host.run('jumpcloud_host', options, logger.call);
    expect(logger.lines()).toEqual([
      `op=remove type=user id=${user} system=${host.systemId}`,
      `op=remove type=system_group id=${group} system=${host.systemId}`,
    ]);
  });

  test('the log line of a PUT names only changed and removed attributes', async ({
    host,
    logger,
  }) => {
    await host.run('jumpcloud_system', { attributes: { role: 'web', env: 'prod', site: 'fra' } });
    const attributes = { role: null, env: 'prod', 'cost center': 42 };
    const options = { attributes, purge_attributes: true };
    await host.run('jumpcloud_system', options, logger.call);
    expect(logger.lines()).toEqual([
      `op=update type=system system=${host.systemId} fields=attributes attributes=role,site,"cost center"`,
    ]);
  });

  test('an added edge is logged even if the answer to its POST is lost', async ({
    emulator,
    host,
    logger,
  }) => {
    const user = emulator.store.addUser();
    host.hit({ kind: 'reset-after' }, { method: 'POST' });
    await host.run('jumpcloud_user_binding', { users: [user] }, logger.call);
    expect(logger.lines()).toEqual([
      `op=add type=user id=${user} sudo=false sudo_without_password=false system=${host.systemId}`,
    ]);
  });

  test('an added edge is logged if the list has it, even if its first POST got no answer and the second was refused', async ({
    emulator,
    host,
    logger,
  }) => {
    const user = emulator.store.addUser();
    host.hit({ kind: 'reset-after' }, { method: 'POST' });
    const refusal = { kind: 'status', status: 400, text: '{"message":"no"}' } as const;
    host.hit(refusal, { method: 'POST' });
    const options = { users: [{ id: user, sudo: true }] };
    const { answer } = await host.run('jumpcloud_user_binding', options, logger.call);
    expect(answer).toMatchObject({ changed: true });
    expect(logger.lines()).toEqual([
      `op=add type=user id=${user} sudo=true sudo_without_password=false system=${host.systemId}`,
    ]);
  });

  test('changed settings are logged if the answer to the PUT is lost', async ({ host, logger }) => {
    host.hit({ kind: 'reset-after' }, { method: 'PUT' });
    const { answer } = await host.run('jumpcloud_system', CHANGE, logger.call);
    expect(answer).toMatchObject({ changed: true });
    expect(logger.lines()).toEqual([lineOfChange(host)]);
  });

  test('an interrupted run logs the writes that it has made', async ({
    emulator,
    host,
    logger,
  }) => {
    const [group, user] = [emulator.store.addGroup(), emulator.store.addUser()];
    const controller = new AbortController();
    const options = { groups: [group], users: [user], request_timeout: 60 };
    emulator.faults.add({
      fault: { kind: 'silence' },
      when: ({ method, body }) => method === 'POST' && Object(body).id === user,
    });
    const run = host.run('jumpcloud_host', options, { ...logger.call, signal: controller.signal });
    const reached = () => expect(emulator.faults.injected['silence']).toBe(1);
    await vi.waitFor(reached, { timeout: 20_000 });
    controller.abort();
    expect((await run).answer).toMatchObject({ changed: true, error: { code: 'interrupted' } });
    expect(logger.lines()).toEqual([
      `op=add type=system_group id=${group} system=${host.systemId}`,
    ]);
  });

  test.for([
    { title: 'arrives', fault: undefined },
    { title: 'is lost', fault: { kind: 'reset-after' } as const },
  ])(
    'a deletion of the record is logged once if its answer $title',
    async ({ fault }, { host, logger }) => {
      if (fault) host.hit(fault, { method: 'DELETE' });
      const { answer } = await host.run('jumpcloud_removal', {}, logger.call);
      expect(answer).toMatchObject({ changed: true });
      expect(logger.lines()).toEqual([`op=delete type=system system=${host.systemId}`]);
      await host.run('jumpcloud_removal', {}, logger.call);
      expect(logger.processes()).toEqual(['-p authpriv.notice -t jumpcloud_removal']);
    },
  );

  test('jumpcloud_removal logs each association that it removes', async ({
    emulator,
    host,
    logger,
  }) => {
    const { store } = emulator;
    const [group, command] = [store.addGroup(), store.add('command')];
    store.join(host.systemId, group);
    store.associate(host.systemId, 'command', command);
    await host.run('jumpcloud_removal', { scope: 'associations' }, logger.call);
    expect(logger.lines()).toEqual([
      `op=remove type=system_group id=${group} system=${host.systemId}`,
      `op=remove type=command id=${command} system=${host.systemId}`,
    ]);
  });
});

describe('logger', () => {
  test('the program `logger` runs with an empty environment', async ({ host, logger }) => {
    const env = { JUMPCLOUD_SECRET: 'geheim', LD_LIBRARY_PATH: '/nowhere' };
    await host.run('jumpcloud_system', CHANGE, { ...logger.call, env });
    expect(logger.lines()).toEqual([lineOfChange(host)]);
    const directory = join(logger.script, '../..');
    expect(readFileSync(join(directory, 'environment'), 'utf8').trim()).toBe('');
  });

  test("the system's own logger sends each line with facility, priority and tag", async ({
    emulator,
    host,
    skip,
  }) => {
    skip(!existsSync('/usr/bin/logger') || !existsSync('/usr/bin/python3'), 'needs both programs');
    const directory = mkdtempSync(join(tmpdir(), 'audit-'));
    directories.push(directory);
    const file = join(directory, 'log');
    const group = emulator.store.addGroup();
    const attributes = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`attribute ${i} é`, 'geheim']),
    );
    const options = { system: { attributes }, groups: [group] };
    const through = [...onHostWithPrograms({}), ...withDevLog(file)];
    const { answer } = await host.run('jumpcloud_host', options, { through });
    expect(answer).toMatchObject({ changed: true });
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    // The priority 85 is eight times authpriv (10) plus notice (5).
    const header = /^<85>\w{3} [ \d]\d \d\d:\d\d:\d\d jumpcloud_host: /;
    expect(lines.filter((line) => header.test(line))).toHaveLength(2);
    expect(lines.map((line) => line.replace(header, '').replace(/ attributes=.*/, ''))).toEqual([
      `op=update type=system system=${host.systemId} fields=attributes`,
      `op=add type=system_group id=${group} system=${host.systemId}`,
    ]);
    expect(lines[0]).toMatch(/ attributes="attribute 0 é",.* attributes_omitted=\d+$/);
  });

  const failingLoggers: [title: string, logger: () => LoggerHost, delayMs: number][] = [
    ['a logger that fails does not change the result', () => makeLoggerHost('exit 1'), 0],
    [
      'a logger that exits before it reads does not change the result',
      () => makeLoggerHost('', 'exit 1'),
      0,
    ],
    [
      'a logger that hangs before it reads delays a run by at most one second',
      () => makeHangingLogger(),
      1000,
    ],
    [
      'a logger that hangs after it has read delays a run by at most one second',
      () => makeHangingLogger('after'),
      1000,
    ],
  ];
  function makeHangingLogger(when?: 'after'): LoggerHost {
    // `exec` replaces the shell with `sleep`, so killing the process leaves no child.
    return when ? makeLoggerHost('exec sleep 20') : makeLoggerHost('', 'exec sleep 20');
  }

  test.for(failingLoggers)('%s', async ([, start, delayMs], { enrol }) => {
    const logger = start();
    const [host, baselineHost] = [await enrol(), await enrol()];
    const runTimed = async (one: TestHost, call: CallOptions) => {
      const startedAt = performance.now();
      const { answer, exitCode } = await one.run('jumpcloud_system', CHANGE, call);
      return { answer, exitCode, ms: performance.now() - startedAt };
    };
    const baseline = await runTimed(baselineHost, makeLoggerHost().call);
    const { answer, exitCode, ms } = await runTimed(host, logger.call);
    expect({ ...answer, system_id: 0, system: 0, invocation: 0 }).toEqual({
      ...baseline.answer,
      system_id: 0,
      system: 0,
      invocation: 0,
    });
    expect(exitCode).toBe(0);
    expect(logger.processes()).toHaveLength(1);
    // On a busy machine, the duration of a run varies by more than half a second.
    expect(ms - baseline.ms).toBeLessThan(delayMs + 1500);
    if (delayMs > 0) expect(ms).toBeGreaterThan(delayMs - 150);
  });

  test('a logger that hangs is killed and leaves no zombie', async ({ host }) => {
    const { call, processes } = makeHangingLogger();
    // This first process of a PID namespace adopts orphans but does not reap them.
    const init = `
      const fs = require('node:fs');
      const [file, ...args] = process.argv.slice(1);
      const { status } = require('node:child_process').spawnSync(file, args, { stdio: 'inherit' });
      for (const pid of fs.readdirSync('/proc').filter((name) => Number(name) > 1))
        console.error(fs.readFileSync('/proc/' + pid + '/stat', 'utf8'));
      process.exitCode = status;`;
    const namespace = ['/usr/bin/unshare', '--pid', '--fork', '--mount-proc'];
    const through = [...(call.through ?? []), ...namespace, process.execPath, '-e', init];
    const { answer, stderr } = await host.run('jumpcloud_system', CHANGE, { through });
    expect(answer).toMatchObject({ changed: true });
    expect(processes()).toHaveLength(1);
    expect(stderr).toBe('');
  });

  test('a missing logger does not change the result', async ({ host }) => {
    const through = [...onHostWithPrograms({}), ...WITHOUT_LOGGER];
    const { answer } = await host.run('jumpcloud_system', CHANGE, { through });
    expect(answer).toMatchObject({ changed: true, warnings: [] });
  });

  const replaceable: [title: string, makeReplaceable: (script: string) => void][] = [
    ['a file of another user', (script) => chownSync(script, NOBODY_UID, NOBODY_UID)],
    ['a file that everyone can write to', (script) => chmodSync(script, 0o757)],
  ];
  test.for(replaceable)(
    'root does not run a logger that is %s',
    async ([, makeReplaceable], { host, logger }) => {
      makeReplaceable(logger.script);
      const { answer } = await host.run('jumpcloud_system', CHANGE, logger.call);
      expect(answer).toMatchObject({ changed: true, warnings: [] });
      expect(logger.processes()).toEqual([]);
    },
  );
});
