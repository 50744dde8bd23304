import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { issueServerCertificate, makeCa, type TlsIdentity } from '../../emulator/keys.ts';
import { hasAnsible } from '../../harness/ansible/controller.ts';
import { ansibleRoot } from '../../harness/ansible/installation.ts';
import { sampleRows } from '../../harness/sample-size.ts';
import { type AgentRole, CONNECT_KEY, startAgentRole } from './agent-role.ts';
import { type KickstartServer, startKickstartServer } from './kickstart-server.ts';

const TASKS = new URL('../../../collection/roles/agent/tasks/', import.meta.url);

/** Returns the bytes of an HTTP answer with status 200. */
const rawAnswer = (headers: readonly string[], body: string | Buffer) =>
  Buffer.concat([
    Buffer.from(['HTTP/1.1 200 OK', 'Content-Type: text/plain', ...headers, '', ''].join('\r\n')),
    Buffer.from(body),
  ]);
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

describe.runIf(hasAnsible)('the download of the role agent', { timeout: 300_000 }, () => {
  let role: AgentRole;
  let ca: TlsIdentity;
  let tls: TlsIdentity;
  let caPath: string;

  beforeAll(async () => {
    [role, ca] = await Promise.all([startAgentRole(), makeCa()]);
    tls = await issueServerCertificate(ca);
    caPath = await role.controller.put('ca.pem', ca.cert);
  });
  afterAll(() => role?.close());
  beforeEach(() => role.newHost());

  /**
   * Returns the path of the file that the kickstart `script` writes, to show that it was run. The
   * path is the one that Ansible sees.
   */
  const markerPath = () => join(dirname(role.agentDir), 'ran');
  const readMarker = () => readFile(`${ansibleRoot}${markerPath()}`).catch(() => undefined);
  const script = () =>
    `echo ran >'${markerPath()}'\nrm -rf '${dirname(role.agentDir)}/some/folder'\n`;
  /** Runs the role for an agent that never registers. Returns the output of the failed play. */
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

  describe('requests to other addresses', () => {
    let elsewhere: KickstartServer;
    beforeEach(async () => {
      const { emulator, agentDir } = role;
      elsewhere = await startKickstartServer({ emulator, agentDir, connectKey: CONNECT_KEY });
      elsewhere.script = script();
      return () => elsewhere.close();
    });

    test.each(sampleRows([301, 302, 303, 307, 308]))(
      'a kickstart behind a redirect with status %i is neither requested nor run',
      async (status) => {
        const head = `HTTP/1.1 ${status} Elsewhere\r\nLocation: ${elsewhere.url}`;
        role.kickstart.raw = `${head}\r\nContent-Length: 0\r\n\r\n`;
        const output = await failingPlay();
        expect(elsewhere.receivedKeys).toEqual([]);
        expect(await readMarker()).toBeUndefined();
        expect(output).toContain(`nothing was installed. It answered ${status}, a redirect,`);
      },
    );

    test('a loopback address is requested directly, although the environment names a proxy', async () => {
      const proxy = new URL(elsewhere.url).origin;
      role.kickstart.script = 'exit 0\n';
      await failingPlay({}, { http_proxy: proxy, HTTP_PROXY: proxy });
      expect(elsewhere.receivedKeys).toEqual([]);
      expect(role.kickstart.receivedKeys).toEqual([CONNECT_KEY]);
    });

    test.each(sampleRows([':x@', '@', '\\@', '?@', '#@', '.']))(
      'a kickstart address with %j between 127.0.0.1 and localhost is refused before any request',
      async (part) => {
        const url = elsewhere.url.replace('127.0.0.1', `127.0.0.1${part}localhost`);
        const output = await failingPlay({ jumpcloud_agent_kickstart_url: url });
        expect(elsewhere.receivedKeys).toEqual([]);
        expect(output).toContain('must be an https:// address');
      },
    );
  });

  test("a kickstart is run when a CA of jumpcloud_agent_ca_path issued the server's certificate", async () => {
    await role.newHost({ tls });
    const { recap, output } = await role.play({ jumpcloud_agent_ca_path: caPath });
    expect(recap, output).toMatchObject({ changed: 1, failed: 0 });
    expect(role.kickstart.receivedKeys).toEqual([CONNECT_KEY]);
  });

  test("a kickstart is not requested when an unknown CA issued the server's certificate", async () => {
    await role.newHost({ tls });
    expect(await failingPlay()).toMatch(/nothing was installed\. .*certificate verify failed/i);
    const other = await role.controller.put('other.pem', (await makeCa()).cert);
    const output = await failingPlay({ jumpcloud_agent_ca_path: other });
    expect(output).toMatch(/nothing was installed\. .*certificate verify failed/i);
    expect(role.kickstart.receivedKeys).toEqual([]);
  });

  const CUTS: Record<string, (whole: string) => Buffer> = {
    'is shorter than its Content-Length': (whole) =>
      rawAnswer([`Content-Length: ${whole.length}`], whole.slice(0, -8)),
    'is truncated within a chunk': (whole) =>
      rawAnswer(['Transfer-Encoding: chunked'], chunk(whole).slice(0, -8)),
    'is truncated between chunks': (whole) =>
      rawAnswer(['Transfer-Encoding: chunked'], chunk(whole)),
    'has neither Content-Length nor chunks': (whole) => rawAnswer(['Connection: close'], whole),
  };
  test.each(Object.entries(CUTS))('a kickstart is not run when its body %s', async (_, cut) => {
    await role.newHost({ tls });
    role.kickstart.raw = cut(script());
    const output = await failingPlay({ jumpcloud_agent_ca_path: caPath });
    expect(role.kickstart.receivedKeys).toEqual([CONNECT_KEY]);
    expect(await readMarker()).toBeUndefined();
    expect(output).toMatch(/nothing was installed\. (The connection ended|The answer has neither)/);
  });

  test('a kickstart with a complete chunked body is run', async () => {
    const [first, second] = [script().slice(0, 9), script().slice(9)];
    const body = `${chunk(first)}${chunk(second)}0\r\n\r\n`;
    role.kickstart.raw = rawAnswer(['Transfer-Encoding: chunked'], body);
    await failingPlay();
    expect(String(await readMarker())).toBe('ran\n');
  });

  test('a compressed kickstart is not run', async () => {
    const body = gzipSync(script());
    const length = `Content-Length: ${body.length}`;
    role.kickstart.raw = rawAnswer(['Content-Encoding: gzip', length], body);
    const output = await failingPlay();
    expect(await readMarker()).toBeUndefined();
    // From ansible-core 2.19 on, the headers of an answer that is not text are lost.
    expect(output).toMatch(/Content-Encoding gzip|The answer is not UTF-8 text/);
  });

  test.each(['é in Latin-1', 'a NUL'])('a kickstart with %s is not run', async (content) => {
    const odd = content === 'a NUL' ? 0 : 0xe9;
    const body = Buffer.concat([Buffer.from(`${script()}# `), Buffer.from([odd, 10])]);
    role.kickstart.raw = rawAnswer([`Content-Length: ${body.length}`], body);
    const output = await failingPlay();
    expect(await readMarker()).toBeUndefined();
    expect(output).toContain('nothing was installed. The answer is not UTF-8 text.');
  });

  test('a kickstart that reaches bash only in part is not run', async () => {
    const tasks = await readFile(new URL('kickstart.yml', TASKS), 'utf8');
    const all: Record<string, { cmd: string }>[] = parse(tasks);
    const line =
      all.find((task) => String(task['name']) === 'Run the kickstart')?.['ansible.builtin.shell']
        ?.cmd ?? '';
    const run = (input: string) => execa('/bin/bash', ['-c', line], { input, reject: false });
    expect(await run('\0echo ran $https_proxy\n\0')).toMatchObject({ stdout: 'ran', exitCode: 0 });
    expect(await run('http://p:1\0echo ran $https_proxy\n\0')).toMatchObject({
      stdout: 'ran http://p:1',
    });
    expect(await run('\0echo ran\necho cut')).toMatchObject({ stdout: '', exitCode: 1 });
    expect(await run('\0')).toMatchObject({ stdout: '', exitCode: 1 });
  });

  test('a kickstart is run exactly as it was sent, even if it contains Jinja delimiters', async () => {
    const odd = `{{ 1 + 1 }} {% raw %} {# é ☃ 𝄞 \\ $HOME`;
    role.kickstart.script = `cat >'${markerPath()}' <<'END'\n${odd}\nEND\ncat >>'${markerPath()}'; echo "\${BASH_VERSION:+bash}" >>'${markerPath()}'`;
    await failingPlay();
    // The second `cat` adds nothing. If bash read the kickstart from standard input, `cat` would
    // read the rest of the script.
    expect(String(await readMarker())).toBe(`${odd}\nbash\n`);
  });
});
