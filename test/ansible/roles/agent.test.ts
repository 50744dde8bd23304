import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { type Controller, hasAnsible, makeController } from '../../harness/ansible/controller.ts';
import { ansibleRoot } from '../../harness/ansible/installation.ts';
import { type Kickstart, startKickstart } from './kickstart.ts';
import { watchProcesses } from './watch-processes.ts';

const KEYS = {
  'of 40 characters': 'a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8i9J0',
  'that begins with jcc_': 'jcc_eyJwdWJsaWNLaWNrc3RhcnRVcmwiOiJodHRwczovL2V4YW1wbGUifQ==',
};
const OLD = KEYS['of 40 characters'];
const ROLE = {
  name: 'Enrol',
  'ansible.builtin.include_role': { name: 'systemcontext.jumpcloud.agent' },
};

test('a key in a process list is seen by those who look', async () => {
  const watched = watchProcesses(OLD);
  const child = execFile(process.execPath, ['-e', 'setTimeout(() => {}, 5000)', OLD], () => {});
  await new Promise((resolve) => setTimeout(resolve, 1500));
  child.kill();
  expect(await watched.stop()).toHaveLength(1);
});

describe.runIf(hasAnsible)('the role agent', { timeout: 60_000 }, () => {
  let controller: Controller;
  let emulator: Emulator;
  let agentDir: string;
  let kickstart: Kickstart;

  beforeAll(async () => {
    [controller, emulator] = await Promise.all([makeController(), startEmulator()]);
  });
  afterAll(async () => {
    await emulator?.close();
    await controller?.remove();
  });
  const start = async (connectKey: string, delay?: number) => {
    await kickstart?.close();
    agentDir = join(await newFolder(), 'jc');
    kickstart = await startKickstart({ emulator, agentDir, connectKey, ...(delay && { delay }) });
  };
  const newFolder = async () => {
    const outside = await mkdtemp(join(`${ansibleRoot}${controller.folder}`, 'opt-'));
    return outside.slice(ansibleRoot.length);
  };
  beforeEach(async () => {
    emulator.clearRequests();
    await start(OLD);
  });
  afterAll(() => kickstart?.close());

  const play = async (variables: object, flags: readonly string[] = []) => {
    const vars = {
      jumpcloud_agent_connect_key: OLD,
      jumpcloud_agent_kickstart_url: kickstart.url,
      jumpcloud_agent_registration_timeout: 20,
      ...variables,
    };
    const file = await controller.put('agent-vars.yml', stringify(vars));
    const common = { agent_dir: agentDir, api_url: emulator.url };
    return controller.play([ROLE], {
      flags: ['-e', `@${file}`, ...flags],
      env: { TMPDIR: controller.folder },
      play: { module_defaults: { 'group/systemcontext.jumpcloud.all': common } },
    });
  };
  const leftovers = async () =>
    (await readdir(`${ansibleRoot}${controller.folder}`)).filter((name) =>
      name.startsWith('jumpcloud-agent-'),
    );

  test.each(Object.entries(KEYS))(
    'enrols with a key %s, and then leaves the host alone',
    async (_, key) => {
      await start(key, 2);
      const given = { jumpcloud_agent_connect_key: key };
      const watched = watchProcesses(key);
      const first = await play({ jumpcloud_agent_connect_key: `${key}\n` }, ['-vvvv', '--diff']);
      expect(await watched.stop()).toEqual([]);
      expect(first.recap, first.output).toMatchObject({ changed: 1, failed: 0 });
      expect(first.output).not.toContain(key);
      expect(kickstart.asked).toEqual([key]);
      expect(await leftovers()).toEqual([]);
      expect(emulator.requests.length).toBeGreaterThan(0);

      emulator.clearRequests();
      for (const flags of [[], ['--check']]) {
        const again = await play(given, flags);
        expect(again.recap, again.output).toMatchObject({ changed: 0, failed: 0 });
      }
      expect(kickstart.asked).toHaveLength(1);
      expect(emulator.requests).toHaveLength(0);
    },
  );

  test('an enrolled host needs no key', async () => {
    await controller.enrol(emulator, { agentDir: `${ansibleRoot}${agentDir}` });
    const { recap, output } = await play({ jumpcloud_agent_connect_key: '' });
    expect(recap, output).toMatchObject({ changed: 0, failed: 0 });
    expect(kickstart.asked).toEqual([]);
  });

  test('check mode tells of the change and asks nobody', async () => {
    const { recap, output } = await play({}, ['--check', '--diff']);
    expect(recap, output).toMatchObject({ changed: 1, failed: 0 });
    expect(output).toContain('Would install the JumpCloud agent');
    expect(kickstart.asked).toEqual([]);
    expect(emulator.requests).toHaveLength(0);
  });

  test.each(['', `${OLD}x`, 'jcc_a b', `${OLD}\n${OLD}`])(
    'the key %j is refused and not shown',
    async (key) => {
      const { recap, output } = await play({ jumpcloud_agent_connect_key: key }, ['-vvv']);
      expect(recap, output).toMatchObject({ failed: 1 });
      expect(output).toContain('jumpcloud_agent_connect_key is no connect key');
      if (key.trim().length > 4) expect(output).not.toContain(key.trim());
      expect(kickstart.asked).toEqual([]);
    },
  );

  test('a kickstart without TLS elsewhere gets no key', async () => {
    const { recap, output } = await play({
      jumpcloud_agent_kickstart_url: 'http://192.0.2.1/Kickstart',
    });
    expect(recap, output).toMatchObject({ failed: 1 });
    expect(output).toContain('must begin with https://');
  });

  test('a key that JumpCloud does not know is a failure that says so', async () => {
    const { recap, output } = await play({ jumpcloud_agent_connect_key: OLD.replace('a', 'z') }, [
      '-vvv',
    ]);
    expect(recap, output).toMatchObject({ failed: 1, changed: 0 });
    expect(output).toMatch(/gave no kickstart: .*401/);
    expect(output).not.toContain(OLD.slice(1));
    expect(await leftovers()).toEqual([]);
  });

  test('what a failing kickstart said is shown, without the key', async () => {
    kickstart.script = `echo "key ${OLD}"; echo "The clock is 5 minutes off." >&2; exit 7\n`;
    const { recap, output } = await play({}, ['-vvv']);
    expect(recap, output).toMatchObject({ failed: 1 });
    expect(output).toContain('ended with 7');
    expect(output).toContain('key ******** / The clock is 5 minutes off.');
    expect(output).not.toContain(OLD);
    expect(await leftovers()).toEqual([]);
  });

  test('an agent that does not register is a failure', async () => {
    kickstart.script = 'exit 0\n';
    const { recap, output } = await play({ jumpcloud_agent_registration_timeout: 2 });
    expect(recap, output).toMatchObject({ failed: 1 });
    await rm(join(ansibleRoot, agentDir), { recursive: true, force: true });
  });
});
