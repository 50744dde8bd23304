import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeEach, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import {
  executablePath,
  type ModuleName,
  type RunResult,
  runModule,
  runRaw,
} from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { isRoot } from '../harness/is-root.ts';

const SYSTEM = 'jumpcloud_system';
const ID = '0123456789abcdef01234567';
const directory = mkdtempSync(join(tmpdir(), 'bad-input-'));
/**
 * An invalid certificate. A naive search for blanks at the end of its line would take very long.
 */
const LONG_BLANKS = `-----BEGIN CERTIFICATE-----\nA${' '.repeat(200_000)}B\n-----END CERTIFICATE-----\n`;
let emulator: Emulator;
let host: EnrolledHost;

test.beforeAll(async ({ emulator: shared }) => {
  emulator = shared;
  host = await emulator.enrol();
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});
beforeEach(() => emulator.clearRequests());

function expectFailure(result: RunResult, code: string, message: RegExp): void {
  expect(result.answer).toMatchObject({
    changed: false,
    failed: true,
    error: { code },
    warnings: [],
  });
  expect(result.answer.msg).toMatch(message);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toBe('');
  expect(emulator.requests).toHaveLength(0);
}

function writeTestFile(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

describe('reading the options as a JSON object', () => {
  const rows: [name: string, args: string[], input: string | undefined, message: RegExp][] = [
    [
      'a file that does not exist',
      ['/nonexistent/args.json'],
      undefined,
      /cannot be read \(ENOENT\)/,
    ],
    ['a directory', [directory], undefined, /is not a regular file/],
    ['an endless device', ['/dev/zero'], undefined, /zero is not a regular file/],
    ['an empty argument', [''], undefined, /^The file of options cannot be read \(ENOENT\)/],
    ['a list as the argument', ['["a"]'], undefined, /^The argument holds a list\. /],
    ['a truncated list as the argument', [' ["a'], undefined, /^The argument is not JSON/],
    ['an unknown short flag', ['{}', '-x'], undefined, /^Unknown flag -x; known are/],
    [
      'a command line with several unknown flags',
      ['--a', '--b=1', '--a'],
      undefined,
      /^Unknown flags --a, --b; known are/,
    ],
    ['an empty file', [writeTestFile('empty.json', '')], undefined, /is not JSON/],
    [
      'a YAML file',
      [writeTestFile('host.yml', '# our hosts\n---\ndisplay_name: web')],
      undefined,
      /host\.yml is not JSON \(line 1, column 1\)\. YAML is not supported: convert it to JSON\.$/,
    ],
    [
      'YAML on stdin',
      [],
      'display_name: web',
      /is not JSON \(line 1, column 1\)\. YAML is not supported/,
    ],
    [
      'a hundred blank lines before a text that is neither JSON nor YAML',
      [],
      `${'\n'.repeat(100)}display_name=web`,
      /is not JSON \(line 101, column 1\)\. A JSON object with/,
    ],
    [
      'a list as an argument',
      ['["a"]'],
      undefined,
      /^The argument holds a list\. A JSON object with the options is expected\.$/,
    ],
    [
      'a trailing comma',
      [writeTestFile('comma.json', '{\n  "groups": ["a",]\n}')],
      undefined,
      /is not JSON \(line 2, column 18\)\. A JSON object/,
    ],
    [
      'an argument that is not JSON',
      ['{display_name: web}'],
      undefined,
      /is not JSON \(line 1, column 2\)/,
    ],
    ['truncated JSON', ['{"display_name":'], undefined, /is not JSON/],
    ['NaN as Python writes it', ['{"timeout": NaN}'], undefined, /is not JSON/],
    ['a JSON list on stdin', ['-'], '[]', /holds a list/],
    ['a JSON string on stdin', ['-'], '"display_name"', /holds the text/],
    ['JSON null on stdin', ['-'], 'null', /holds null/],
    ['stdin that is not JSON', ['-'], 'display_name=web', /Standard input is not JSON/],
    [
      'a duplicate key',
      ['{"display_name":"a","settle":1,"display_name":"b"}'],
      undefined,
      /contains the key "display_name" twice/,
    ],
    [
      'a duplicate key spelled with an escape',
      ['{"settle":1,"s\\u0065ttle":2}'],
      undefined,
      /"settle" twice/,
    ],
    [
      'a duplicate key in a nested object',
      ['{"attributes":{"a":"1","a":"2"}}'],
      undefined,
      /"a" twice/,
    ],
    ...[
      '12345678901234567890',
      '-9007199254740993',
      '1e400',
      '1e20',
      '0.12345678901234567890',
      '1e-400',
    ].map((number): (typeof rows)[number] => [
      `the number ${number}, which JavaScript would print differently,`,
      [`{"display_name":${number}}`],
      undefined,
      /^display_name: expected text, got a number that cannot be read exactly; put it in quotes$/,
    ]),
    [
      'an attribute number that JavaScript would print differently',
      ['{"attributes":{"serial":12345678901234567890}}'],
      undefined,
      /^attributes: serial: expected text, .* put it in quotes$/,
    ],
    ['a second argument', ['{}', '{}'], undefined, /Expected one argument .*got 2/],
    [
      'an unknown long flag',
      ['{}', '--dry-run'],
      undefined,
      /Unknown flag --dry-run; known are .*--check/,
    ],
  ];
  test.each(rows)('%s is rejected as invalid_arguments', async (_, args, input, message) => {
    expectFailure(await runRaw(SYSTEM, args, input), 'invalid_arguments', message);
  });
});

describe('UTF-8 validation of the options', () => {
  const shell = async (command: string) => {
    const { stdout, stderr, exitCode } = await execa('sh', ['-c', command], {
      reject: false,
      stdin: 'ignore',
      stripFinalNewline: false,
    });
    return { answer: JSON.parse(stdout), stdout, stderr, exitCode };
  };
  const executable = executablePath(SYSTEM);

  test.each([
    ['JSON text', `'{"display_name":"caf\\351"}'`],
    ['a file name', "'/tmp/caf\\351.json'"],
    ['a flag', "'--caf\\351'"],
  ])('a command line with %s that is not UTF-8 is rejected', async (_, word) => {
    const result = await shell(`${executable} --check "$(printf -- ${word})"`);
    expectFailure(result, 'invalid_arguments', /The command line is not UTF-8/);
  });

  test('options that are not UTF-8 are rejected from stdin and from a file', async () => {
    const latin1File = join(directory, 'latin.json');
    writeFileSync(latin1File, Buffer.from('{"display_name":"caf\xe9"}', 'latin1'));
    for (const call of [`${executable} ${latin1File}`, `${executable} < ${latin1File}`]) {
      expectFailure(await shell(call), 'invalid_arguments', /^The options are not UTF-8/);
    }
  });

  test('a replacement character in valid UTF-8 is accepted in options', async () => {
    const result = await runRaw(
      SYSTEM,
      ['{"display_name":"\ufffd","timeout":0}', '--diff'],
      undefined,
    );
    expectFailure(result, 'invalid_arguments', /^timeout: must be above zero/);
    expect(result.answer['invocation']).toMatchObject({ module_args: { display_name: '\ufffd' } });
  });
});

describe('limits of the options document', () => {
  test('a named pipe as options file is rejected', async () => {
    const pipe = join(directory, 'pipe');
    await execa('mkfifo', [pipe]);
    const writer = openSync(pipe, 'r+');
    const result = await runRaw(SYSTEM, [pipe], undefined);
    closeSync(writer);
    expectFailure(result, 'invalid_arguments', /pipe is not a regular file/);
  });

  test.each(['a file', 'stdin'])('options over 16 MiB from %s are rejected', async (source) => {
    const json = JSON.stringify({ description: 'x'.repeat(16 * 1024 * 1024) });
    const largeFile = writeTestFile('large.json', json);
    const result = await (source === 'a file'
      ? runRaw(SYSTEM, [largeFile], undefined)
      : runRaw(SYSTEM, [], json));
    expectFailure(result, 'invalid_arguments', /^The options are larger than 16 MiB/);
  });
});

describe('invisible characters', () => {
  // A direction override, a C1 control, a zero-width space, a tag character and a line separator.
  const INVISIBLE = '\u202e\u009b\u200b\u{e0041}\u2028';
  const ESCAPED = '\\u202e\\u009b\\u200b\\udb40\\udc41 ';
  const FLAG = `--a${ESCAPED.trim()};`;

  test.each<[place: string, args: string[]]>([
    ['an option name', [JSON.stringify({ [`a${INVISIBLE}b`]: 1 })]],
    ['an option value', [JSON.stringify({ region: `a${INVISIBLE}b` })]],
    ['a key of a user item', [JSON.stringify({ users: [{ [`a${INVISIBLE}b`]: 1 }] })]],
    ['a flag, up to its first blank', [`--a${INVISIBLE}b`]],
    ['a file name', [`/tmp/a${INVISIBLE}b`]],
    ['a duplicate key', [`{"a${INVISIBLE}b":1,"a${INVISIBLE}b":2}`]],
  ])('invisible characters are escaped where a message quotes %s', async (place, args) => {
    const module = place === 'a key of a user item' ? 'jumpcloud_user_binding' : SYSTEM;
    const result = await runRaw(module, args, undefined);
    expect(result.answer.msg).toContain(place.startsWith('a flag') ? FLAG : `a${ESCAPED}b`);
    expect(result.stdout).not.toMatch(/[\u0080-\u009f\u200b\u2028\u202e\u{e0041}]/u);
    const problems = result.answer.error?.problems ?? [];
    const texts = problems.map(({ option, message }) => `${option} ${message}`);
    expect(texts.join()).toContain(ESCAPED.trim());
  });

  test('a server message is printed on one line, and its invisible characters are escaped', async () => {
    const text = JSON.stringify({ message: `no${INVISIBLE}\r\n\tnever\x1b[2J` });
    emulator.faults.add({ fault: { kind: 'status', status: 400, text } });
    const options = { agent_dir: host.agentDir, api_url: emulator.url, timeout: 5 };
    const { answer } = await runModule(SYSTEM, options);
    const escaped = `no${ESCAPED}never\\u001b[2J`;
    expect(answer.error).toMatchObject({ code: 'rejected', jumpcloud_message: escaped });
    expect(answer.msg).toContain(`"${escaped}"`);
  });

  test('invisible characters in an option value are escaped in the output and decode to the same value', async () => {
    const agent_dir = `/nonexistent/${INVISIBLE}`;
    const { stdout, answer } = await runModule(SYSTEM, { agent_dir });
    expect(stdout).not.toMatch(/[\u0080-\u009f\u200b\u2028\u202e\u{e0041}]/u);
    expect(answer['invocation']).toMatchObject({ module_args: { agent_dir } });
    expect(answer.msg).toContain(ESCAPED.trim());
  });
});

describe('validation of option values', () => {
  const rows: [module: ModuleName, options: Record<string, unknown>, message: RegExp][] = [
    [
      SYSTEM,
      { displayname: 'a' },
      /^Unsupported parameters for \(jumpcloud_system\) module: displayname\. Supported parameters include: agent_dir, .*did you mean display_name\?/,
    ],
    [SYSTEM, { displayName: 'a' }, /did you mean display_name\?/],
    [SYSTEM, { desciption: 'a' }, /did you mean description\?/],
    [SYSTEM, { colour: 'red' }, /Unsupported parameters .*: colour\.(?!.*did you mean)/],
    [
      SYSTEM,
      { __proto__x: 1, constructor: 1, toString: 1 },
      /Unsupported parameters .*constructor, toString/,
    ],
    [SYSTEM, { display_name: ['a'] }, /^display_name: expected text, got a list$/],
    [SYSTEM, { display_name: {} }, /^display_name: expected text, got a mapping$/],
    [
      SYSTEM,
      { allow_ssh_root_login: 'maybe' },
      /^allow_ssh_root_login: expected true or false .* got the text "maybe"$/,
    ],
    [SYSTEM, { allow_ssh_root_login: 2 }, /got the number 2$/],
    [SYSTEM, { attributes: ['a'] }, /^attributes: expected a mapping/],
    [SYSTEM, { attributes: 'a=b' }, /^attributes: expected a mapping/],
    [
      SYSTEM,
      { attributes: { a: ['b'] } },
      /^attributes: a: expected text, or null to remove it, got a list$/,
    ],
    [
      SYSTEM,
      { attributes: { a: 'x'.repeat(1025) } },
      /^attributes: a: has 1025 characters, but JumpCloud keeps at most 1024/,
    ],
    [SYSTEM, { attributes: { '': 'b' } }, /^attributes: an attribute has an empty name$/],
    [SYSTEM, { purge_attributes: true }, /^purge_attributes: needs the option attributes/],
    [
      SYSTEM,
      { primary_user: 'jane' },
      /^primary_user: expected an id .* got the text "jane"\. System Context cannot look up names/,
    ],
    [SYSTEM, { settle: -1 }, /^settle: must not be negative, got -1$/],
    [
      SYSTEM,
      { settle: 2 ** 53 },
      /^settle: expected a number of seconds, got a number that cannot be read exactly; put it in quotes$/,
    ],
    [SYSTEM, { settle: '9007199254740993' }, /^settle: must be below 2\^53$/],
    [SYSTEM, { settle: '1e400' }, /^settle: must be below 2\^53$/],
    [SYSTEM, { settle: 'NaN' }, /^settle: expected a number of seconds, got the text "NaN"$/],
    [SYSTEM, { settle: 'soon' }, /^settle: expected a number of seconds/],
    [SYSTEM, { settle: true }, /^settle: expected a number of seconds, got the boolean true$/],
    [SYSTEM, { timeout: 0 }, /^timeout: must be above zero, got 0$/],
    [SYSTEM, { timeout: '-5' }, /^timeout: must be above zero, got -5$/],
    [SYSTEM, { request_timeout: 0 }, /^request_timeout: must be above zero/],
    [SYSTEM, { registration_timeout: -0.1 }, /^registration_timeout: must not be negative/],
    [SYSTEM, { region: 'mars' }, /^region: expected one of auto, us, eu, in, got the text "mars"$/],
    [
      SYSTEM,
      { api_url: 'http://console.jumpcloud.com' },
      /^api_url: http is accepted for a loopback address only/,
    ],
    [
      SYSTEM,
      { api_url: 'http://127.0.0.1.example.com' },
      /^api_url: http is accepted for a loopback/,
    ],
    [SYSTEM, { api_url: 'https://console.jumpcloud.com/api' }, /^api_url: .*without path/],
    [SYSTEM, { api_url: 'https://a:geheim@host' }, /^api_url: must not hold a user or password$/],
    [SYSTEM, { api_url: 'ftp://host' }, /^api_url: expected an http or https URL/],
    [SYSTEM, { api_url: 'console.jumpcloud.com' }, /^api_url: expected an http or https URL/],
    [SYSTEM, { proxy: 'socks5://user:geheim@host' }, /^proxy: expected an http or https URL such/],
    [
      SYSTEM,
      { ca_path: '/nonexistent.pem' },
      /^ca_path: \/nonexistent\.pem cannot be read \(ENOENT\)$/,
    ],
    [
      SYSTEM,
      { ca_path: writeTestFile('blanks.pem', LONG_BLANKS) },
      /^ca_path: .* certificate 1 of 1, which begins in line 1, cannot be read/,
    ],
    [
      SYSTEM,
      { ca_path: writeTestFile('no.pem', 'hello') },
      /^ca_path: .* does not hold a certificate in PEM form$/,
    ],
    [SYSTEM, { agent_dir: '' }, /^agent_dir: must not be empty$/],
    [SYSTEM, { agent_dir: 'a\0b' }, /^agent_dir: must not contain a NUL/],
    [SYSTEM, { _ansible_check_mode: 'perhaps' }, /^_ansible_check_mode: expected true or false$/],
    ['jumpcloud_group_membership', {}, /^groups: is required$/],
    ['jumpcloud_group_membership', { groups: null }, /^groups: is required$/],
    [
      'jumpcloud_group_membership',
      { groups: ['web'] },
      /^groups: item 1: expected an id \(24 hexadecimal digits\), got the text "web"/,
    ],
    [
      'jumpcloud_group_membership',
      { groups: `${ID},,` },
      /^groups: item 2: expected an id .*\. groups: item 3: .*\.$/,
    ],
    ['jumpcloud_group_membership', { groups: {} }, /^groups: expected a list/],
    [
      'jumpcloud_group_membership',
      { groups: [ID], state: 'gone' },
      /^state: expected one of present, absent/,
    ],
    [
      'jumpcloud_group_membership',
      { groups: [ID], state: 'absent', exclusive: true },
      /^exclusive: cannot be used with state: absent$/,
    ],
    [
      'jumpcloud_user_binding',
      { users: [{ sudo: true }] },
      /^users: item 1: id or name is required$/,
    ],
    [
      'jumpcloud_user_binding',
      { users: [{ id: ID, sudoo: true }] },
      /^users: item 1: unknown key sudoo; did you mean sudo\? Known keys are id, name, sudo, sudo_without/,
    ],
    [
      'jumpcloud_user_binding',
      { users: [ID, { id: ID.toUpperCase() }] },
      /^users: item 2: user 0123456789abcdef01234567 is listed twice$/,
    ],
    [
      'jumpcloud_user_binding',
      { users: [{ id: ID, sudo_without_password: true }] },
      /^users: item 1: sudo_without_password: can be true only with sudo: true/,
    ],
    [
      'jumpcloud_user_binding',
      { users: [{ id: ID, sudo: false, sudo_without_password: true }] },
      /can be true only with sudo: true/,
    ],
    [
      'jumpcloud_user_binding',
      { users: [{ id: ID, sudo: false }], state: 'absent' },
      /^users: item 1: sudo: cannot be used with state: absent$/,
    ],
    ['jumpcloud_association', { ids: [ID] }, /^type: is required$/],
    [
      'jumpcloud_association',
      { type: 'user', ids: [ID] },
      /^type: users are bound with jumpcloud_user_binding/,
    ],
    [
      'jumpcloud_association',
      { type: 'command', ids: [ID], sudo: false },
      /^sudo: can be used only with type: user_group/,
    ],
    [
      'jumpcloud_association',
      { type: 'user_group', ids: [ID], sudo: true, state: 'absent' },
      /^sudo: cannot be used with state: absent$/,
    ],
    [
      'jumpcloud_removal',
      { scope: 'associations', purge_identity: true },
      /^purge_identity: cannot be used with scope: associations/,
    ],
    [
      'jumpcloud_removal',
      { system_id: ID },
      /^system_id: this host is system [0-9a-f]{24}, not 0123456789abcdef01234567; nothing was done\. Run on the intended host/,
    ],
    [
      'jumpcloud_system_info',
      { gather: ['all'] },
      /^gather: item 1: expected one of system, groups/,
    ],
  ];
  test.each(rows)('%s rejects the options %j', async (module, options, message) => {
    const result = await runModule(module, {
      agent_dir: host.agentDir,
      api_url: emulator.url,
      ...options,
    });
    expectFailure(result, 'invalid_arguments', message);
    expect(result.answer.error?.problems?.length).toBeGreaterThan(0);
    expect(result.stdout).not.toContain('geheim');
  });

  test('all invalid options are reported together', async () => {
    const { answer } = await runModule(SYSTEM, { timeout: 0, region: 'x', displayname: 'y' });
    expect(answer.error?.problems?.map(({ option }) => option)).toEqual([
      'displayname',
      'region',
      'timeout',
    ]);
  });

  test('an attribute of 1,024 characters outside the BMP is accepted', async () => {
    const { answer } = await runModule(SYSTEM, {
      agent_dir: '/nonexistent',
      attributes: { a: '😀'.repeat(1024) },
    });
    expect(answer.error?.code).toBe('not_enrolled');
  });
});

describe('validation of the agent directory', () => {
  let dir: string;
  let count = 0;
  beforeEach(() => {
    dir = join(directory, `agent-${count++}`);
    cpSync(host.agentDir, dir, { recursive: true });
  });
  const overwrite = (name: string, content: string) => () =>
    writeFileSync(join(dir, name), content);
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const pem = (key: typeof ec) => String(key.export({ type: 'pkcs8', format: 'pem' }));
  const encryptedKey = String(
    rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
  );

  const rows: [name: string, damage: () => void, code: string, message: RegExp][] = [
    ['is missing', () => rmSync(dir, { recursive: true }), 'not_enrolled', /does not exist/],
    [
      'is a file',
      () => {
        rmSync(dir, { recursive: true });
        writeFileSync(dir, '');
      },
      'not_enrolled',
      /is not a directory/,
    ],
    [
      'has no jcagent.conf',
      () => rmSync(join(dir, 'jcagent.conf')),
      'not_enrolled',
      /jcagent\.conf does not exist/,
    ],
    [
      'has an empty jcagent.conf',
      overwrite('jcagent.conf', ''),
      'bad_identity',
      /jcagent\.conf is not JSON/,
    ],
    [
      'has a jcagent.conf that is a list',
      overwrite('jcagent.conf', '[]'),
      'bad_identity',
      /does not hold a JSON object/,
    ],
    [
      'has no systemKey',
      overwrite('jcagent.conf', '{"agentServerHost":"agent.jumpcloud.com"}'),
      'not_enrolled',
      /has no systemKey/,
    ],
    [
      'has an empty systemKey',
      overwrite('jcagent.conf', '{"systemKey":""}'),
      'not_enrolled',
      /has no systemKey/,
    ],
    [
      'has a systemKey that is not an id',
      overwrite('jcagent.conf', '{"systemKey":"../../users"}'),
      'bad_identity',
      /is not a system id/,
    ],
    [
      'has a systemKey that is a number',
      overwrite('jcagent.conf', '{"systemKey":12}'),
      'bad_identity',
      /is not a system id/,
    ],
    [
      'has no client.key',
      () => rmSync(join(dir, 'client.key')),
      'not_enrolled',
      /client\.key does not exist/,
    ],
    [
      'has an empty client.key',
      overwrite('client.key', ''),
      'bad_identity',
      /does not hold a private key/,
    ],
    [
      'has an EC key',
      overwrite('client.key', pem(ec)),
      'bad_identity',
      /is a key of type ec, not RSA/,
    ],
    ['has an encrypted key', overwrite('client.key', encryptedKey), 'bad_identity', /is encrypted/],
    [
      'has the key of another host',
      overwrite('client.key', pem(rsa)),
      'bad_identity',
      /does not belong to client\.crt/,
    ],
    [
      'belongs to a removed system',
      () =>
        overwrite(
          '.removed-from-jumpcloud',
          JSON.stringify({ system_key: host.systemId, removed_at: '2026-11-19T08:00:00Z' }),
        )(),
      'not_enrolled',
      /was removed from JumpCloud at 2026-11-19T08:00:00Z/,
    ],
    [
      'has a directory in place of jcagent.conf',
      () => {
        rmSync(join(dir, 'jcagent.conf'));
        mkdirSync(join(dir, 'jcagent.conf'));
      },
      'bad_identity',
      /is not a regular file/,
    ],
  ];
  test.each(rows)('a run fails if the agent directory %s', async (_, damage, code, message) => {
    damage();
    expectFailure(
      await runModule(SYSTEM, { agent_dir: dir, api_url: emulator.url }),
      code,
      message,
    );
  });

  test.runIf(isRoot)('the message names the uid that cannot read the agent directory', async () => {
    // User 65534 may lack access to the project directory, so the test copies the executable.
    const executable = join(directory, SYSTEM);
    copyFileSync(executablePath(SYSTEM), executable);
    chmodSync(directory, 0o755);
    chmodSync(dir, 0o755);
    chmodSync(join(dir, 'jcagent.conf'), 0o644);
    const { stdout } = await execa(
      executable,
      [JSON.stringify({ agent_dir: dir, api_url: emulator.url })],
      { uid: 65534, gid: 65534, reject: false },
    );
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ failed: true, error: { code: 'bad_identity' } });
    expect(answer.msg).toMatch(/^No permission to read .*client\.key \(uid 65534\)\. Run as root/);
  });
});

test('empty stdin is treated as no options', async () => {
  const result = await runRaw(SYSTEM, [], '');
  expectFailure(result, 'not_enrolled', /\/opt\/jc does not exist/);
});
