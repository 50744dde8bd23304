import { execFile } from 'node:child_process';
import { access, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { hasAnsible } from '../../harness/ansible/controller.ts';
import { ansibleRoot } from '../../harness/ansible/installation.ts';
import { sampleRows } from '../../harness/sample-size.ts';
import { type AgentRole, CONNECT_KEY, startAgentRole } from './agent-role.ts';
import { findFilesWith, signalProcesses, watchFiles, watchProcesses } from './watch.ts';

const CONNECT_KEYS = {
  'with 40 characters': CONNECT_KEY,
  'that starts with jcc_': 'jcc_eyJwdWJsaWNLaWNrc3RhcnRVcmwiOiJodHRwczovL2V4YW1wbGUifQ==',
};

describe.runIf(hasAnsible)('the role agent', { timeout: 300_000 }, () => {
  let role: AgentRole;

  beforeAll(async () => {
    role = await startAgentRole();
  });
  afterAll(() => role?.close());
  beforeEach(() => role.newHost());

  const keyFiles = () => findFilesWith(role.temporary, CONNECT_KEY);

  test('watchProcesses finds a connect key on a command line, and watchFiles finds one in a file', async () => {
    const watches = [watchProcesses(CONNECT_KEY), watchFiles(role.temporary, CONNECT_KEY)];
    const words = ['-e', 'setTimeout(() => {}, 5000)', CONNECT_KEY];
    const child = execFile(process.execPath, words, () => {});
    const file = join(role.temporary[0] ?? '', 'seen');
    await writeFile(file, CONNECT_KEY);
    await sleep(1500);
    child.kill();
    await writeFile(file, '');
    const seen = await Promise.all(watches.map((watch) => watch.stop()));
    expect(seen).toEqual([[[process.execPath, ...words, ''].join(' ')], [file]]);
  });

  test.each(Object.entries(CONNECT_KEYS))(
    'the role enrols a host with a key %s, and changes nothing in later runs',
    async (_, key) => {
      await role.newHost({ connectKey: key, delay: 2 });
      const variables = { jumpcloud_agent_connect_key: key };
      const watches = [watchProcesses(key), watchFiles(role.temporary, key)];
      const first = await role.play(
        { jumpcloud_agent_connect_key: `${key}\n` },
        { flags: ['-vvvv', '--diff'], env: { ANSIBLE_PIPELINING: 'true' } },
      );
      const seen = await Promise.all(watches.map((watch) => watch.stop()));
      expect(seen).toEqual([[], []]);
      expect(first.recap, first.output).toMatchObject({ changed: 1, failed: 0 });
      expect(first.output).not.toContain(key);
      expect(role.kickstart.receivedKeys).toEqual([key]);
      expect(role.emulator.requests.length).toBeGreaterThan(0);

      role.emulator.clearRequests();
      for (const flags of [[], ['--check']]) {
        const again = await role.play(variables, { flags });
        expect(again.recap, again.output).toMatchObject({ changed: 0, failed: 0 });
      }
      expect(role.kickstart.receivedKeys).toHaveLength(1);
      expect(role.emulator.requests).toHaveLength(0);
    },
  );

  test('a run without pipelining leaves no file with the connect key', async () => {
    const { recap, output } = await role.play({}, { flags: ['-vvvv'] });
    expect(recap, output).toMatchObject({ changed: 1, failed: 0 });
    expect(output).not.toContain(CONNECT_KEY);
    expect(await keyFiles()).toEqual([]);
  });

  describe.each(['true', 'false'])('with pipelining %s', (pipelining) => {
    test.each(['SIGINT', 'SIGKILL'] as const)(
      '%s during a kickstart leaves the connect key in no file except temporary files of Ansible',
      async (signal) => {
        const started = join(dirname(role.agentDir), 'started');
        role.kickstart.script = `# ${CONNECT_KEY}\necho >'${started}'; sleep 2\n`;
        const env = { ANSIBLE_PIPELINING: pipelining };
        const playing = role.play({}, { flags: ['-vvvv'], env });
        await vi.waitFor(() => access(`${ansibleRoot}${started}`), { timeout: 90_000 });
        await signalProcesses(`ansible-playbook ${role.controller.directory}/`, signal);
        const { output } = await playing;
        expect(output).not.toContain(CONNECT_KEY);
        await sleep(2500);
        const files = await keyFiles();
        if (pipelining === 'true') expect(files).toEqual([]);
        for (const file of files)
          expect(file).toMatch(/\/(local\/ansible-local-|remote\/ansible-tmp-)/);
      },
    );
  });

  test('an enrolled host needs no connect key', async () => {
    const { controller, emulator, agentDir } = role;
    await controller.enrol(emulator, { agentDir: `${ansibleRoot}${agentDir}` });
    const { recap, output } = await role.play({ jumpcloud_agent_connect_key: '' });
    expect(recap, output).toMatchObject({ changed: 0, failed: 0 });
    expect(role.kickstart.receivedKeys).toEqual([]);
  });

  test('check mode predicts the installation and sends no request', async () => {
    const { recap, output } = await role.play({}, { flags: ['--check', '--diff'] });
    expect(recap, output).toMatchObject({ changed: 1, failed: 0 });
    expect(output).toContain('Would install the JumpCloud agent');
    expect(role.kickstart.receivedKeys).toEqual([]);
    expect(role.emulator.requests).toHaveLength(0);
  });

  test.each(sampleRows([`${CONNECT_KEY}x`, '', 'jcc_a b', `${CONNECT_KEY}\n${CONNECT_KEY}`]))(
    'the connect key %j is refused without being shown',
    async (key) => {
      const variables = { jumpcloud_agent_connect_key: key };
      const { recap, output } = await role.play(variables, { flags: ['-vvv'] });
      expect(recap, output).toMatchObject({ failed: 1 });
      expect(output).toContain('jumpcloud_agent_connect_key is not a connect key');
      if (key.trim().length > 4) expect(output).not.toContain(key.trim());
      expect(role.kickstart.receivedKeys).toEqual([]);
    },
  );

  test('a connect key that JumpCloud does not know fails with a hint', async () => {
    const unknown = { jumpcloud_agent_connect_key: CONNECT_KEY.replace('a', 'z') };
    const { recap, output } = await role.play(unknown, { flags: ['-vvv'] });
    expect(recap, output).toMatchObject({ failed: 1, changed: 0, ignored: 0 });
    expect(output).toMatch(
      /nothing was installed\. .*401.* Check that jumpcloud_agent_connect_key/,
    );
    expect(output).not.toContain(CONNECT_KEY.slice(1));
  });

  test('the last output of a failed kickstart is shown without the connect key', async () => {
    role.kickstart.script = `echo "key ${CONNECT_KEY}"; echo "The clock is 5 minutes off." >&2; exit 7\n`;
    const { recap, output } = await role.play({}, { flags: ['-vvv'] });
    expect(recap, output).toMatchObject({ failed: 1 });
    expect(output).toContain('ended with 7');
    expect(output).toContain('key ******** / The clock is 5 minutes off.');
    expect(output).not.toContain(CONNECT_KEY);
    expect(await keyFiles()).toEqual([]);
  });

  test('the role fails if the agent does not register in time', async () => {
    role.kickstart.script = 'exit 0\n';
    const { recap, output } = await role.play({ jumpcloud_agent_registration_timeout: 2 });
    expect(recap, output).toMatchObject({ failed: 1 });
  });
});
