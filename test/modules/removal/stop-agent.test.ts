import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type CallOptions, predictionOf } from '../../harness/executable.ts';
import { canHaveMounts, onHostWithPrograms } from '../../harness/host-with-programs.ts';
import { type Stage, setUpStages, TOMBSTONE, writeProgram } from './stage.ts';

const { enrol, directory: newDirectory } = setUpStages();
const LAUNCHD_SERVICE = 'system/com.jumpcloud.darwin-agent';
const STOP_ARGUMENTS = {
  systemctl: 'stop jcagent',
  service: 'jcagent stop',
  launchctl: `bootout ${LAUNCHD_SERVICE}`,
};
type Tool = keyof typeof STOP_ARGUMENTS;

const NOBODY_UID = 65534;

beforeEach((context) => {
  if (!canHaveMounts()) context.skip('this machine does not allow mount namespaces');
});

interface ServiceManagers {
  readonly call: CallOptions;
  /** The path of a file with one line for each call of a service manager. */
  readonly log: string;
}

/** Prepares a host with service managers that log their calls and then run a script. */
function prepareManagers(tools: readonly Tool[], script = '', systemd = true): ServiceManagers {
  const programs = newDirectory();
  const log = join(newDirectory(), 'log');
  for (const tool of tools) {
    const environment = `/usr/bin/tr '\\0' '\\n' < /proc/$$/environ > ${log}.env`;
    writeProgram(programs, tool, `echo ${tool} "$@" >> ${log}\n${environment}\n${script}`);
  }
  return { call: callOptions('/usr/bin:/bin', onHostWithPrograms({ programs, systemd })), log };
}

/**
 * Prepares a launchctl: its command bootout runs the script `bootout`, its command print finds the
 * agent `found` times.
 */
function prepareLaunchctl(bootout: string, found: number): ServiceManagers {
  const gone = 'echo "Could not find service" >&2; exit 113';
  const printed = join(newDirectory(), 'printed');
  return prepareManagers(
    ['launchctl'],
    `case $1 in
      bootout) ${bootout} ;;
      print) echo >> ${printed}; [ "$(/usr/bin/wc -l < ${printed})" -le ${found} ] || { ${gone}; } ;;
    esac`,
  );
}

/** Returns options for a call with the PATH `path`. The command `through` starts the module. */
function callOptions(path: string, through: readonly string[]): CallOptions {
  return { env: { PATH: path, JUMPCLOUD_NODE: process.execPath }, through };
}

const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trim() : '');

function expectUnchangedHost(stage: Stage): void {
  expect(stage.hasRecord()).toBe(true);
  expect(stage.files()).toEqual([
    'ca.crt',
    'client.crt',
    'client.key',
    'jcagent.conf',
    'version.txt',
  ]);
}

describe.concurrent('stop_agent', () => {
  const rows: [tools: Tool[], systemd: boolean, expected: Tool][] = [
    [['systemctl', 'service', 'launchctl'], true, 'systemctl'],
    [['systemctl', 'service', 'launchctl'], false, 'service'],
    [['launchctl', 'service'], true, 'service'],
    [['systemctl', 'launchctl'], false, 'launchctl'],
  ];
  test.each(rows)(
    'on a host with %j (systemd running: %s), stop_agent uses %s',
    async (tools, systemd, expected) => {
      const stage = await enrol();
      const script = 'if [ "$1" = print ]; then exit 113; fi';
      const { call, log } = prepareManagers(tools, script, systemd);
      const options = { stop_agent: true };
      const predicted = await stage.succeed(options, { ...call, flags: ['--check'] });
      expect(read(log)).toBe('');
      const answer = await stage.succeed(options, call);
      expect(predicted).toEqual(predictionOf(answer));
      expect(answer.changed).toBe(true);
      const calls = [`${expected} ${STOP_ARGUMENTS[expected]}`];
      if (expected === 'launchctl') calls.push(`launchctl print ${LAUNCHD_SERVICE}`);
      expect(read(log).split('\n')).toEqual(calls);
      expect((await stage.succeed(options, call)).changed).toBe(false);
      expect(read(log).split('\n')).toEqual(calls);
    },
  );

  test('the only environment variable of the service manager is a PATH of system directories', async () => {
    const stage = await enrol();
    const { call, log } = prepareManagers(['systemctl']);
    const env = { HTTPS_PROXY: 'http://jane:geheim@127.0.0.1:9', NO_PROXY: '*' };
    await stage.succeed({ stop_agent: true }, { ...call, env: { ...call.env, ...env } });
    expect(read(`${log}.env`)).toBe('PATH=/usr/bin:/bin:/usr/sbin:/sbin');
  });

  test('stop_agent runs the real path of a program that is a symlink', async () => {
    const stage = await enrol();
    const programs = newDirectory();
    writeProgram(programs, 'rc-service', 'exit 4');
    symlinkSync('rc-service', join(programs, 'service'));
    const call = callOptions('/usr/bin', onHostWithPrograms({ programs, systemd: false }));
    const { answer } = await stage.run({ stop_agent: true }, call);
    expect(answer.error?.['command']).toBe('/usr/bin/rc-service jcagent stop');
  });

  describe('stop_agent as root', () => {
    /** Creates a directory with a program that writes a trace file when it runs. */
    function plantProgram(): { directory: string; file: string; trace: string } {
      const directory = join(newDirectory(), 'bin');
      const trace = join(newDirectory(), 'trace');
      return { directory, file: writeProgram(directory, 'systemctl', `: > ${trace}`), trace };
    }

    const replaceable: [
      what: string,
      makeReplaceable: (of: ReturnType<typeof plantProgram>) => string,
    ][] = [
      [
        "another user's file",
        ({ directory, file }) => {
          chownSync(file, NOBODY_UID, NOBODY_UID);
          return directory;
        },
      ],
      [
        'a file that everyone can write to',
        ({ directory, file }) => {
          chmodSync(file, 0o757);
          return directory;
        },
      ],
      [
        "a file in another user's directory",
        ({ directory }) => {
          chownSync(directory, NOBODY_UID, NOBODY_UID);
          return directory;
        },
      ],
      [
        "a file below another user's directory",
        ({ directory }) => {
          chownSync(join(directory, '..'), NOBODY_UID, NOBODY_UID);
          return directory;
        },
      ],
      [
        'a file in a directory that a group can write to',
        ({ directory }) => {
          chmodSync(directory, 0o775);
          return directory;
        },
      ],
      [
        'a file in a sticky directory',
        ({ directory }) => {
          chmodSync(directory, 0o1777);
          return directory;
        },
      ],
      [
        "a symlink to a file in another user's directory",
        ({ directory, file }) => {
          chownSync(directory, NOBODY_UID, NOBODY_UID);
          const linked = newDirectory();
          symlinkSync(file, join(linked, 'systemctl'));
          return linked;
        },
      ],
    ];
    test.each(replaceable)(
      'root does not run a systemctl that is %s',
      async (_, makeReplaceable) => {
        const stage = await enrol();
        const plant = plantProgram();
        const path = makeReplaceable(plant);
        const callWithoutManager = callOptions(`${path}:/usr/bin:/bin`, onHostWithPrograms({}));
        const { answer } = await stage.run(
          { stop_agent: true, purge_identity: true },
          callWithoutManager,
        );
        expect(answer).toMatchObject({ changed: false, error: { code: 'local_action_failed' } });
        expect(answer.msg).toContain(
          `Root does not run programs that someone else can replace (${path}/systemctl).`,
        );
        expect(stage.sent()).toEqual([]);
        expectUnchangedHost(stage);

        const { call, log } = prepareManagers(['systemctl']);
        const env = { ...call.env, PATH: `${path}:/usr/bin:/bin` };
        await stage.succeed({ stop_agent: true }, { ...call, env });
        expect(read(log)).toBe('systemctl stop jcagent');
        expect(existsSync(plant.trace)).toBe(false);
      },
    );

    test('stop_agent looks for systemctl in system directories before PATH', async () => {
      const stage = await enrol();
      const { directory, trace } = plantProgram();
      const { call, log } = prepareManagers(['systemctl']);
      const env = { ...call.env, PATH: `${directory}:/usr/bin:/bin` };
      await stage.succeed({ stop_agent: true }, { ...call, env });
      expect(read(log)).toBe('systemctl stop jcagent');
      expect(existsSync(trace)).toBe(false);
    });
  });

  test('stop_agent skips PATH entries without a program', async () => {
    const stage = await enrol();
    const first = newDirectory();
    mkdirSync(join(first, 'systemctl'));
    const second = newDirectory();
    const trace = join(newDirectory(), 'trace');
    writeProgram(second, 'systemctl', `: > ${trace}`);
    const path = `${first}:/nonexistent::bin:${second}:/bin`;
    await stage.succeed({ stop_agent: true }, callOptions(path, onHostWithPrograms({})));
    expect(existsSync(trace)).toBe(true);
  });

  test('stop_agent stops the agent between the read and the deletion of the record', async () => {
    const stage = await enrol();
    const { call, log } = prepareManagers(['systemctl'], '/bin/sleep 0.2');
    await stage.succeed({ stop_agent: true }, call);
    const stopped = read(log) !== '';
    const [get, del] = stage.emulator.requests;
    expect([stopped, get?.method, del?.method]).toEqual([true, 'GET', 'DELETE']);
    expect(Number(del?.startedAt) - Number(get?.endedAt)).toBeGreaterThan(150);
  });

  test('stop_agent succeeds if the service does not exist', async () => {
    const stage = await enrol();
    const { call } = prepareManagers(
      ['systemctl'],
      'echo "Unit jcagent.service not loaded." >&2; exit 5',
    );
    const answer = await stage.succeed({ stop_agent: true }, call);
    expect(answer).toMatchObject({ changed: true, warnings: [] });
  });

  test.each([
    ['succeeds without output', 'exit 0', 2],
    [
      'reports an operation in progress',
      'echo "Boot-out failed: 36: Operation now in progress" >&2; exit 36',
      2,
    ],
    [
      'reports that the agent is not loaded',
      'echo "Boot-out failed: 3: No such process" >&2; exit 3',
      0,
    ],
  ])(
    'if launchctl bootout %s, a run with stop_agent waits until launchd no longer finds the agent',
    async (_, bootout, found) => {
      const stage = await enrol();
      const { call, log } = prepareLaunchctl(bootout, found);
      const answer = await stage.succeed({ stop_agent: true }, call);
      expect(answer).toMatchObject({ changed: true, warnings: [] });
      expect(read(log).split('\n')).toEqual([
        `launchctl bootout ${LAUNCHD_SERVICE}`,
        ...Array(found + 1).fill(`launchctl print ${LAUNCHD_SERVICE}`),
      ]);
      const [get, del] = stage.emulator.requests;
      expect(Number(del?.startedAt) - Number(get?.endedAt)).toBeGreaterThan(150 * found);
    },
  );

  test.each([
    [
      'refuses to stop the agent',
      'echo "Boot-out failed: 5: Input/output error" >&2; exit 5',
      /bootout .* failed with 5: Boot-out/,
    ],
    ['cannot report the state of the agent', 'exit 0', /print .* failed with 1\. Stop the agent/],
  ])('a removal deletes nothing when launchd %s', async (_, bootout, message) => {
    const stage = await enrol();
    const { call } = prepareManagers(
      ['launchctl'],
      `case $1 in bootout) ${bootout} ;; *) exit 1 ;; esac`,
    );
    const { answer } = await stage.run({ stop_agent: true, purge_identity: true }, call);
    expect(answer).toMatchObject({ changed: false, error: { code: 'local_action_failed' } });
    expect(answer.msg).toMatch(message);
    expect(stage.sent()).toEqual(['GET 200']);
    expectUnchangedHost(stage);
  });

  const failing: [name: string, script: string, message: RegExp][] = [
    [
      'fails',
      'echo "Access denied" >&2; echo more >&2; exit 4',
      /systemctl stop jcagent" failed with 4: Access denied\. Stop the agent/,
    ],
    ['fails without output', 'exit 1', /systemctl stop jcagent" failed with 1\. Stop the agent/],
    ['is killed', 'kill -9 $$', /systemctl stop jcagent" failed with SIGKILL\. Stop the agent/],
  ];
  test.each(failing)('a removal deletes nothing when systemctl %s', async (_, script, message) => {
    const stage = await enrol();
    const { call } = prepareManagers(['systemctl'], script);
    const { answer } = await stage.run({ stop_agent: true, purge_identity: true }, call);
    expect(answer).toMatchObject({
      changed: false,
      failed: true,
      error: { code: 'local_action_failed', command: '/usr/bin/systemctl stop jcagent' },
    });
    expect(answer.msg).toMatch(message);
    expect(stage.sent()).toEqual(['GET 200']);
    expectUnchangedHost(stage);
  });

  test.each<[call: string, flags: string[]]>([
    ['a removal', []],
    ['a removal in check mode', ['--check']],
  ])('%s without a service manager fails before any request', async (_, flags) => {
    const stage = await enrol();
    const path = newDirectory();
    // systemctl can stop a service only if systemd is running.
    const call = callOptions(path, onHostWithPrograms({ systemd: false }));
    writeProgram(path, 'systemctl', '');
    const { answer } = await stage.run({ stop_agent: true }, { ...call, flags });
    expect(answer).toMatchObject({ failed: true, error: { code: 'local_action_failed' } });
    expect(answer.msg).toBe(
      `The agent cannot be stopped: found no usable command systemctl (with a running systemd), service or launchctl in /usr/bin, /bin, /usr/sbin, /sbin or PATH (/usr/bin:/bin:/usr/sbin:/sbin:${path}). Stop the agent by other means, and leave out stop_agent.`,
    );
    expect(stage.sent()).toEqual([]);
    expectUnchangedHost(stage);
  });

  test('stop_agent needs no service manager when there is nothing to remove', async () => {
    const stage = await enrol();
    await stage.succeed();
    const answer = await stage.succeed(
      { stop_agent: true },
      callOptions(newDirectory(), onHostWithPrograms({})),
    );
    expect(answer.changed).toBe(false);
  });

  test('a removal that fails after stopping the agent warns about the stopped agent', async () => {
    const stage = await enrol();
    const { call } = prepareManagers(['systemctl']);
    stage.emulator.faults.add({
      fault: { kind: 'status', status: 403 },
      when: ({ method }) => method === 'DELETE',
    });
    const { answer } = await stage.run({ stop_agent: true }, call);
    expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'rejected' } });
    expect(answer.warnings).toEqual([
      expect.stringMatching(/^The agent was asked to stop before this failure/),
    ]);
    expect(stage.has(TOMBSTONE)).toBe(false);
  });
});
