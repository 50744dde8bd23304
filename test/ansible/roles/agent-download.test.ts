import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { issue, makeCa, type TlsIdentity } from '../../emulator/keys.ts';
import { hasAnsible } from '../../harness/ansible/controller.ts';
import { ansibleRoot } from '../../harness/ansible/installation.ts';
import { type AgentRole, CONNECT_KEY, startAgentRole } from './agent-role.ts';
import { type Kickstart, startKickstart } from './kickstart.ts';

const TASKS = new URL('../../../collection/roles/agent/tasks/', import.meta.url);

/** An HTTP answer of status 200, byte by byte. */
const answer = (headers: readonly string[], body: string | Buffer) =>
  Buffer.concat([
    Buffer.from(['HTTP/1.1 200 OK', 'Content-Type: text/plain', ...headers, '', ''].join('\r\n')),
    Buffer.from(body),
  ]);
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

describe.runIf(hasAnsible)(
  'the kickstart that the role agent downloads',
  { timeout: 120_000 },
  () => {
    let role: AgentRole;
    let ca: TlsIdentity;
    let tls: TlsIdentity;
    let caPath: string;

    beforeAll(async () => {
      [role, ca] = await Promise.all([startAgentRole(), makeCa()]);
      tls = await issue(ca);
      caPath = await role.controller.put('ca.pem', ca.cert);
    });
    afterAll(() => role?.close());
    beforeEach(() => role.newHost());

    /** A file that a kickstart writes when it is run, as the kickstart and as this test call it. */
    const marker = () => join(dirname(role.agentDir), 'ran');
    const ran = () => readFile(`${ansibleRoot}${marker()}`).catch(() => undefined);
    const script = () =>
      `echo ran >'${marker()}'\nrm -rf '${dirname(role.agentDir)}/some/folder'\n`;
    /** Plays for an agent that never registers; returns the output of a run that must fail. */
    const failingPlay = async (variables: object = {}, env = {}) => {
      const flags = ['-vvvv', '--diff'];
      const { recap, output } = await role.play(
        { jumpcloud_agent_registration_timeout: 0, ...variables },
        { flags, env },
      );
      expect(recap, output).toMatchObject({ failed: 1 });
      expect(output).not.toContain(CONNECT_KEY);
      expect(output).not.toMatch(/Traceback|MODULE FAILURE/);
      return output;
    };

    describe('from another address than the configured one', () => {
      let elsewhere: Kickstart;
      beforeEach(async () => {
        const { emulator, agentDir } = role;
        elsewhere = await startKickstart({ emulator, agentDir, connectKey: CONNECT_KEY });
        elsewhere.script = script();
        return () => elsewhere.close();
      });

      test.each([301, 302, 303, 307, 308])(
        'is neither asked for nor run after a redirect with status %i',
        async (status) => {
          const head = `HTTP/1.1 ${status} Elsewhere\r\nLocation: ${elsewhere.url}`;
          role.kickstart.raw = `${head}\r\nContent-Length: 0\r\n\r\n`;
          const output = await failingPlay();
          expect(elsewhere.asked).toEqual([]);
          expect(await ran()).toBeUndefined();
          expect(output).toContain(`nothing was installed. It answered ${status}, a redirect,`);
        },
      );

      test('is not asked for when a proxy stands for the loopback address', async () => {
        const proxy = new URL(elsewhere.url).origin;
        role.kickstart.script = 'exit 0\n';
        await failingPlay({}, { http_proxy: proxy, HTTP_PROXY: proxy });
        expect(elsewhere.asked).toEqual([]);
        expect(role.kickstart.asked).toEqual([CONNECT_KEY]);
      });

      test.each([':x@', '@', '\\@', '?@', '#@', '.'])(
        'is not asked for when the configured one holds %j',
        async (part) => {
          const url = elsewhere.url.replace('127.0.0.1', `127.0.0.1${part}localhost`);
          const output = await failingPlay({ jumpcloud_agent_kickstart_url: url });
          expect(elsewhere.asked).toEqual([]);
          expect(output).toContain('must be an https:// address');
        },
      );
    });

    test('is run when its certificate is of jumpcloud_agent_ca_path', async () => {
      await role.newHost({ tls });
      const { recap, output } = await role.play({ jumpcloud_agent_ca_path: caPath });
      expect(recap, output).toMatchObject({ changed: 1, failed: 0 });
      expect(role.kickstart.asked).toEqual([CONNECT_KEY]);
    });

    test('is not asked for when its certificate is of an unknown authority', async () => {
      await role.newHost({ tls });
      expect(await failingPlay()).toMatch(/nothing was installed\. .*certificate verify failed/i);
      const other = await role.controller.put('other.pem', (await makeCa()).cert);
      const output = await failingPlay({ jumpcloud_agent_ca_path: other });
      expect(output).toMatch(/nothing was installed\. .*certificate verify failed/i);
      expect(role.kickstart.asked).toEqual([]);
    });

    const CUTS: Record<string, (whole: string) => Buffer> = {
      'whose body is shorter than its Content-Length': (whole) =>
        answer([`Content-Length: ${whole.length}`], whole.slice(0, -8)),
      'that is cut within a chunk': (whole) =>
        answer(['Transfer-Encoding: chunked'], chunk(whole).slice(0, -8)),
      'that is cut between chunks': (whole) => answer(['Transfer-Encoding: chunked'], chunk(whole)),
      'with neither Content-Length nor chunks': (whole) => answer(['Connection: close'], whole),
    };
    test.each(Object.entries(CUTS))('is not run in an answer %s', async (_, cut) => {
      await role.newHost({ tls });
      role.kickstart.raw = cut(script());
      const output = await failingPlay({ jumpcloud_agent_ca_path: caPath });
      expect(role.kickstart.asked).toEqual([CONNECT_KEY]);
      expect(await ran()).toBeUndefined();
      expect(output).toMatch(
        /nothing was installed\. (The connection ended|The answer has neither)/,
      );
    });

    test('is run when it came in chunks to the end', async () => {
      const [first, second] = [script().slice(0, 9), script().slice(9)];
      const body = `${chunk(first)}${chunk(second)}0\r\n\r\n`;
      role.kickstart.raw = answer(['Transfer-Encoding: chunked'], body);
      await failingPlay();
      expect(String(await ran())).toBe('ran\n');
    });

    test('is not run when it came compressed', async () => {
      const body = gzipSync(script());
      const length = `Content-Length: ${body.length}`;
      role.kickstart.raw = answer(['Content-Encoding: gzip', length], body);
      const output = await failingPlay();
      expect(await ran()).toBeUndefined();
      // From ansible-core 2.19 on, the headers of what is not text are lost.
      expect(output).toMatch(/Content-Encoding gzip|The answer is not UTF-8 text/);
    });

    test.each(['é in Latin-1', 'a NUL'])('is not run when it holds %s', async (what) => {
      const odd = what === 'a NUL' ? 0 : 0xe9;
      const body = Buffer.concat([Buffer.from(`${script()}# `), Buffer.from([odd, 10])]);
      role.kickstart.raw = answer([`Content-Length: ${body.length}`], body);
      const output = await failingPlay();
      expect(await ran()).toBeUndefined();
      expect(output).toContain('nothing was installed. The answer is not UTF-8 text.');
    });

    test('is not run when it is cut on its way to bash', async () => {
      const tasks = await readFile(new URL('install.yml', TASKS), 'utf8');
      const [, line = ''] = /cmd: (IFS= read .*)/.exec(tasks) ?? [];
      const run = (input: string) => execa('/bin/bash', ['-c', line], { input, reject: false });
      expect(await run('echo ran\n\0')).toMatchObject({ stdout: 'ran', exitCode: 0 });
      expect(await run('echo ran\necho cut')).toMatchObject({ stdout: '', exitCode: 1 });
    });

    test('is run byte by byte as it was sent', async () => {
      const odd = `{{ 1 + 1 }} {% raw %} {# é ☃ 𝄞 \\ $HOME`;
      role.kickstart.script = `cat >'${marker()}' <<'END'\n${odd}\nEND\ncat >>'${marker()}'; echo "\${BASH_VERSION:+bash}" >>'${marker()}'`;
      await failingPlay();
      // What the kickstart reads from its standard input is not the rest of itself.
      expect(String(await ran())).toBe(`${odd}\nbash\n`);
    });
  },
);
