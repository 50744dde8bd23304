import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { executablePath } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { quoteForShell } from '../terminal.ts';
import { hasPrograms } from './has-programs.ts';
import { makeSandbox } from './sandbox.ts';

const SCRIPT = 'stale/stale.sh';

describe.runIf(hasPrograms(SCRIPT, 'jq'))('the CI job stale/stale.sh', () => {
  test('stale.sh reports and deletes stale systems, and stops if the cloud query fails', async ({
    startWith,
  }) => {
    const emulator = await startWith();
    const { store } = emulator;
    const sandbox = await makeSandbox(emulator);
    const lastContact = new Date(Date.now() - 60.5 * 86_400_000).toISOString();
    const add = (value: string) =>
      store.addRecord({
        hostname: `host-${value}`,
        active: false,
        lastContact,
        attributes: [
          { name: 'instance_id', value },
          { name: 'account', value: '1' },
        ],
      });
    const [dead, alive] = [add('i-dead'), add('i-alive')];
    for (let i = 0; i < 20; i++) store.addRecord();
    const urls = `{"api_url":"${emulator.url}","token_url":"${emulator.tokenUrl}",`;
    await sandbox.writeProgram(
      '/usr/bin/jumpcloud_stale_systems',
      `sed -e ${quoteForShell(`1s|^ *{|${urls}|`)} | exec ${quoteForShell(executablePath('jumpcloud_stale_systems'))} "$@"`,
    );
    await sandbox.writeProgram(
      '/usr/local/sbin/aws',
      'case "$*" in *Values=pending,running,stopping,stopped*) printf "%s" "$LISTED" ;; esac',
    );
    const account = store.serviceAccounts.add();
    const [secret = ''] = account.secrets;
    const bin = `${sandbox.directory}/usr/bin:${sandbox.directory}/usr/local/sbin`;
    const run = async (LISTED: string, command = 'report', ofAccount = '1') =>
      execa(await sandbox.place(SCRIPT), [command], {
        env: {
          ...sandbox.env,
          ATTRIBUTES: ofAccount && JSON.stringify({ account: ofAccount }),
          PATH: `${bin}:${process.env['PATH']}`,
          LISTED,
          JUMPCLOUD_CLIENT_ID: account.clientId,
          JUMPCLOUD_CLIENT_SECRET: secret,
        },
        reject: false,
      });
    const report = await run('["i-alive"]');
    expect(report, report.stderr).toMatchObject({ exitCode: 0, stderr: '' });
    expect(report.stdout).toBe(`host-i-dead ${dead}: Last contact 60 days ago.`);
    expect(await run('["i-alive"]', 'report', '2')).toMatchObject({ exitCode: 0, stdout: '' });
    for (const listed of ['[]', '']) expect((await run(listed, 'delete')).exitCode).not.toBe(0);
    expect(store.systems.has(dead)).toBe(true);
    expect((await run('["i-alive"]', 'delete', '')).exitCode).toBe(0);
    expect([dead, alive].map((id) => store.systems.has(id))).toEqual([false, true]);
    await sandbox.remove();
  });
});

test.runIf(hasPrograms('shellcheck over stale/stale.sh', 'shellcheck'))(
  'shellcheck finds nothing in stale/stale.sh',
  async () => {
    await execa('shellcheck', [
      new URL(`../../ansible-examples/${SCRIPT}`, import.meta.url).pathname,
    ]);
  },
);
