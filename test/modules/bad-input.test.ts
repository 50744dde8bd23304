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
  type Ran,
  runModule,
  runRaw,
} from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';

const SYSTEM = 'jumpcloud_system';
const ID = '0123456789abcdef01234567';
const directory = mkdtempSync(join(tmpdir(), 'bad-input-'));
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

function expectFailure(ran: Ran, code: string, message: RegExp): void {
  expect(ran.answer).toMatchObject({ changed: false, failed: true, error: { code }, warnings: [] });
  expect(ran.answer.msg).toMatch(message);
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toBe('');
  expect(emulator.requests).toHaveLength(0);
}

const file = (name: string, content: string) => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

describe('what is no object of options', () => {
  const rows: [name: string, words: string[], input: string | undefined, message: RegExp][] = [
    [
      'a file that does not exist',
      ['/nonexistent/args.json'],
      undefined,
      /cannot be read \(ENOENT\)/,
    ],
    ['a folder', [directory], undefined, /is not a regular file/],
    ['a device without end', ['/dev/zero'], undefined, /zero is not a regular file/],
    ['an empty argument', [''], undefined, /^The file of options cannot be read \(ENOENT\)/],
    ['a list as the argument', ['["a"]'], undefined, /^The argument holds a list;/],
    ['a list as the argument, cut short', [' ["a'], undefined, /^The argument is not JSON/],
    ['a short flag', ['{}', '-x'], undefined, /^Unknown flag -x; known are/],
    ['flags', ['--a', '--b=1', '--a'], undefined, /^Unknown flags --a, --b; known are/],
    ['an empty file', [file('empty.json', '')], undefined, /is not JSON/],
    ['a file that is not JSON', [file('yaml.json', 'display_name: web')], undefined, /is not JSON/],
    [
      'text that is not JSON',
      ['{display_name: web}'],
      undefined,
      /is not JSON at line 1, column 2/,
    ],
    ['JSON cut short', ['{"display_name":'], undefined, /is not JSON/],
    ['NaN, as Python writes it', ['{"timeout": NaN}'], undefined, /is not JSON/],
    ['a JSON list', ['-'], '[]', /holds a list/],
    ['a JSON text', ['-'], '"display_name"', /holds the text/],
    ['JSON null', ['-'], 'null', /holds null/],
    ['input that is not JSON', ['-'], 'display_name=web', /Standard input is not JSON/],
    [
      'a key twice',
      ['{"display_name":"a","settle":1,"display_name":"b"}'],
      undefined,
      /names the key "display_name" twice/,
    ],
    [
      'a key twice, spelled with an escape',
      ['{"settle":1,"s\\u0065ttle":2}'],
      undefined,
      /"settle" twice/,
    ],
    ['a key twice further down', ['{"attributes":{"a":"1","a":"2"}}'], undefined, /"a" twice/],
    ...[
      '12345678901234567890',
      '-9007199254740993',
      '1e400',
      '1e20',
      '0.12345678901234567890',
      '1e-400',
    ].map((number): (typeof rows)[number] => [
      `${number}, which would be written as another number`,
      [`{"display_name":${number}}`],
      undefined,
      /^display_name: expected text, got a number that JSON cannot hold exactly; put it in quotes$/,
    ]),
    [
      'such a number as an attribute',
      ['{"attributes":{"serial":12345678901234567890}}'],
      undefined,
      /^attributes: serial: expected text, .* put it in quotes$/,
    ],
    ['two arguments', ['{}', '{}'], undefined, /Expected one argument .*got 2/],
    [
      'an unknown flag',
      ['{}', '--dry-run'],
      undefined,
      /Unknown flag --dry-run; known are .*--check/,
    ],
  ];
  test.each(rows)('%s', async (_, words, input, message) => {
    expectFailure(await runRaw(SYSTEM, words, input), 'invalid_arguments', message);
  });
});

describe('bytes that are not UTF-8', () => {
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
    ['the name of a file', "'/tmp/caf\\351.json'"],
    ['a flag', "'--caf\\351'"],
  ])('are refused on the command line, in %s', async (_, word) => {
    const ran = await shell(`${executable} --check "$(printf -- ${word})"`);
    expectFailure(ran, 'invalid_arguments', /The command line is not UTF-8/);
  });

  test('are refused on standard input and in a file', async () => {
    const latin = join(directory, 'latin.json');
    writeFileSync(latin, Buffer.from('{"display_name":"caf\xe9"}', 'latin1'));
    for (const call of [`${executable} ${latin}`, `${executable} < ${latin}`]) {
      expectFailure(await shell(call), 'invalid_arguments', /^The options are not UTF-8/);
    }
  });

  test('are no replacement characters: a real one is an ordinary character', async () => {
    const ran = await runRaw(
      SYSTEM,
      ['{"display_name":"\ufffd","timeout":0}', '--diff'],
      undefined,
    );
    expectFailure(ran, 'invalid_arguments', /^timeout: must be above zero/);
    expect(ran.answer['invocation']).toMatchObject({ module_args: { display_name: '\ufffd' } });
  });
});

describe('the document', () => {
  test('is never read from a pipe in the file system, which may never end', async () => {
    const pipe = join(directory, 'pipe');
    await execa('mkfifo', [pipe]);
    const writer = openSync(pipe, 'r+');
    const ran = await runRaw(SYSTEM, [pipe], undefined);
    closeSync(writer);
    expectFailure(ran, 'invalid_arguments', /pipe is not a regular file/);
  });

  test.each(['a file', 'standard input'])('of more than 16 MiB in %s is refused', async (where) => {
    const json = JSON.stringify({ description: 'x'.repeat(16 * 1024 * 1024) });
    const large = file('large.json', json);
    const ran = await (where === 'a file'
      ? runRaw(SYSTEM, [large], undefined)
      : runRaw(SYSTEM, [], json));
    expectFailure(ran, 'invalid_arguments', /^The options are larger than 16 MiB/);
  });
});

describe('characters that are not seen', () => {
  // A mark that turns the direction, C1's CSI, zero width, a tag, a line separator.
  const HIDDEN = '\u202e\u009b\u200b\u{e0041}\u2028';
  const SHOWN = '\\u202e\\u009b\\u200b\\udb40\\udc41 ';

  test.each<[where: string, words: string[]]>([
    ['the name of an option', [JSON.stringify({ [`a${HIDDEN}b`]: 1 })]],
    ['a value', [JSON.stringify({ region: `a${HIDDEN}b` })]],
    ['a key of a user', [JSON.stringify({ users: [{ [`a${HIDDEN}b`]: 1 }] })]],
    ['a flag', [`--a${HIDDEN}b`]],
    ['the name of a file', [`/tmp/a${HIDDEN}b`]],
    ['a key that stands there twice', [`{"a${HIDDEN}b":1,"a${HIDDEN}b":2}`]],
  ])('are shown where a message quotes %s', async (where, words) => {
    const module = where === 'a key of a user' ? 'jumpcloud_user_binding' : SYSTEM;
    const ran = await runRaw(module, words, undefined);
    expect(ran.answer.msg).toContain(`a${SHOWN}b`);
    expect(ran.stdout).not.toMatch(/[\u0080-\u009f\u200b\u2028\u202e\u{e0041}]/u);
    expect(ran.answer.error?.problems?.map(({ message }) => message).join()).toContain(SHOWN);
  });

  test('are shown in the words of a server, which are on one line', async () => {
    const text = JSON.stringify({ message: `no${HIDDEN}\r\n\tnever\x1b[2J` });
    emulator.faults.add({ fault: { kind: 'status', status: 400, text } });
    const given = { agent_dir: host.agentDir, api_url: emulator.url, timeout: 5 };
    const { answer } = await runModule(SYSTEM, given);
    const shown = `no${SHOWN}never\\u001b[2J`;
    expect(answer.error).toMatchObject({ code: 'rejected', jumpcloud_message: shown });
    expect(answer.msg).toContain(`"${shown}"`);
  });

  test('are escaped in what is data, which stays what it is', async () => {
    const agent_dir = `/nonexistent/${HIDDEN}`;
    const { stdout, answer } = await runModule(SYSTEM, { agent_dir });
    expect(stdout).not.toMatch(/[\u0080-\u009f\u200b\u2028\u202e\u{e0041}]/u);
    expect(answer['invocation']).toMatchObject({ module_args: { agent_dir } });
    expect(answer.msg).toContain(SHOWN.trim());
  });
});

describe('unfit options', () => {
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
      /^attributes: a: has 1025 characters, JumpCloud keeps 1024/,
    ],
    [SYSTEM, { attributes: { '': 'b' } }, /^attributes: an attribute has an empty name$/],
    [SYSTEM, { purge_attributes: true }, /^purge_attributes: needs attributes/],
    [
      SYSTEM,
      { primary_user: 'jane' },
      /^primary_user: expected an id .* got the text "jane"\. System Context cannot look up names/,
    ],
    [SYSTEM, { settle: -1 }, /^settle: must not be negative, got -1$/],
    [
      SYSTEM,
      { settle: 2 ** 53 },
      /^settle: expected a number of seconds, got a number that JSON cannot hold exactly; put it in quotes$/,
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
      { ca_path: file('no.pem', 'hello') },
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
    ['jumpcloud_user_binding', { users: [{ sudo: true }] }, /^users: item 1: id is required$/],
    [
      'jumpcloud_user_binding',
      { users: [{ id: ID, sudoo: true }] },
      /^users: item 1: unknown key sudoo; did you mean sudo\? Known keys are id, sudo, sudo_without/,
    ],
    [
      'jumpcloud_user_binding',
      { users: [ID, { id: ID.toUpperCase() }] },
      /^users: item 2: user 0123456789abcdef01234567 is named twice$/,
    ],
    [
      'jumpcloud_user_binding',
      { users: [{ id: ID, sudo_without_password: true }] },
      /^users: item 1: sudo_without_password: true needs sudo: true/,
    ],
    [
      'jumpcloud_user_binding',
      { users: [{ id: ID, sudo: false, sudo_without_password: true }] },
      /needs sudo: true/,
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
      /^sudo: is for type: user_group only/,
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
      /^system_id: this host is system [0-9a-f]{24}, not 0123456789abcdef01234567; nothing was done\. Run on the host that is meant/,
    ],
    [
      'jumpcloud_system_info',
      { gather: ['all'] },
      /^gather: item 1: expected one of system, groups/,
    ],
  ];
  test.each(rows)('%s %j', async (module, options, message) => {
    const ran = await runModule(module, {
      agent_dir: host.agentDir,
      api_url: emulator.url,
      ...options,
    });
    expectFailure(ran, 'invalid_arguments', message);
    expect(ran.answer.error?.problems?.length).toBeGreaterThan(0);
    expect(ran.stdout).not.toContain('geheim');
  });

  test('are all reported together', async () => {
    const { answer } = await runModule(SYSTEM, { timeout: 0, region: 'x', displayname: 'y' });
    expect(answer.error?.problems?.map(({ option }) => option)).toEqual(['', 'region', 'timeout']);
  });

  test('1,024 characters that are more code units are not too many', async () => {
    const { answer } = await runModule(SYSTEM, {
      agent_dir: '/nonexistent',
      attributes: { a: '😀'.repeat(1024) },
    });
    expect(answer.error?.code).toBe('not_enrolled');
  });
});

describe('an agent folder that cannot serve', () => {
  let dir: string;
  let count = 0;
  beforeEach(() => {
    dir = join(directory, `agent-${count++}`);
    cpSync(host.agentDir, dir, { recursive: true });
  });
  const inDir = (name: string, content: string) => () => writeFileSync(join(dir, name), content);
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const pem = (key: typeof ec) => String(key.export({ type: 'pkcs8', format: 'pem' }));
  const encrypted = String(
    rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
  );

  const rows: [name: string, spoil: () => void, code: string, message: RegExp][] = [
    ['is missing', () => rmSync(dir, { recursive: true }), 'not_enrolled', /does not exist/],
    [
      'is a file',
      () => {
        rmSync(dir, { recursive: true });
        writeFileSync(dir, '');
      },
      'not_enrolled',
      /is not a folder/,
    ],
    [
      'has no jcagent.conf',
      () => rmSync(join(dir, 'jcagent.conf')),
      'not_enrolled',
      /jcagent\.conf does not exist/,
    ],
    [
      'has an empty jcagent.conf',
      inDir('jcagent.conf', ''),
      'bad_identity',
      /jcagent\.conf is not JSON/,
    ],
    [
      'has a jcagent.conf that is a list',
      inDir('jcagent.conf', '[]'),
      'bad_identity',
      /does not hold a JSON object/,
    ],
    [
      'has no systemKey',
      inDir('jcagent.conf', '{"agentServerHost":"agent.jumpcloud.com"}'),
      'not_enrolled',
      /has no systemKey/,
    ],
    [
      'has an empty systemKey',
      inDir('jcagent.conf', '{"systemKey":""}'),
      'not_enrolled',
      /has no systemKey/,
    ],
    [
      'has a systemKey that is no id',
      inDir('jcagent.conf', '{"systemKey":"../../users"}'),
      'bad_identity',
      /is not a system id/,
    ],
    [
      'has a systemKey that is a number',
      inDir('jcagent.conf', '{"systemKey":12}'),
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
      inDir('client.key', ''),
      'bad_identity',
      /does not hold a private key/,
    ],
    ['has an EC key', inDir('client.key', pem(ec)), 'bad_identity', /is a key of type ec, not RSA/],
    ['has an encrypted key', inDir('client.key', encrypted), 'bad_identity', /is encrypted/],
    [
      'has the key of another host',
      inDir('client.key', pem(rsa)),
      'bad_identity',
      /does not belong to client\.crt/,
    ],
    [
      'was removed from JumpCloud',
      () =>
        inDir(
          '.removed-from-jumpcloud',
          JSON.stringify({ system_key: host.systemId, removed_at: '2026-11-19T08:00:00Z' }),
        )(),
      'not_enrolled',
      /was removed from JumpCloud at 2026-11-19T08:00:00Z/,
    ],
    [
      'has a folder for a jcagent.conf',
      () => {
        rmSync(join(dir, 'jcagent.conf'));
        mkdirSync(join(dir, 'jcagent.conf'));
      },
      'bad_identity',
      /is not a regular file/,
    ],
  ];
  test.each(rows)('it %s', async (_, spoil, code, message) => {
    spoil();
    expectFailure(
      await runModule(SYSTEM, { agent_dir: dir, api_url: emulator.url }),
      code,
      message,
    );
  });

  test.runIf(process.getuid?.() === 0)('it cannot be read by this user', async () => {
    // A clone of the project may lie where this user cannot reach the executable.
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

test('empty standard input counts as no options', async () => {
  const ran = await runRaw(SYSTEM, [], '');
  expectFailure(ran, 'not_enrolled', /\/opt\/jc does not exist/);
});
