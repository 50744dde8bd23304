import { describe, expect, test } from 'vitest';
import { renderText } from '../../../src/protocol/text/render-text.ts';
import fc from '../../harness/fast-check.ts';

const ID = '5f1a3b0c9d2e4f6a7b8c9d0e';
const OTHER_ID = '5f1a3b0c9d2e4f6a7b8c9d0f';
const PLAIN_TERMINAL = { columns: 80, isColoured: false };

function render(
  result: Record<string, unknown>,
  { module = 'jumpcloud_system', isCheck = false, terminal = PLAIN_TERMINAL } = {},
): string {
  const complete = { changed: false, msg: 'Nothing to change.', warnings: [], ...result };
  return renderText({ module, isCheck, result: complete }, terminal);
}

describe('the first line', () => {
  test.each([
    [{}, false, 'jumpcloud_system: ok. Nothing to change.\n'],
    [{ changed: true, msg: 'Changed a.' }, false, 'jumpcloud_system: changed. Changed a.\n'],
    [
      { changed: true, msg: 'Would change a.' },
      true,
      'jumpcloud_system: would change. Would change a.\n',
    ],
  ])(
    'the first line gives the outcome and the message of the result %j (check mode: %s)',
    (result, isCheck, text) => {
      expect(render(result, { isCheck })).toBe(text);
    },
  );

  test('a failed run that changed something says so', () => {
    const forPeople = { reason: 'It broke.', advice: 'Mend it.', problems: [] };
    const result = { failed: true, changed: true, error: { code: 'rejected' }, forPeople };
    expect(render(result)).toBe(
      'jumpcloud_system: failed after changes (rejected)\n\nerror: It broke.\nhint: Mend it.\n',
    );
  });
});

describe('the diff', () => {
  test('the diff of a document shows each section separately, with changed lines and their context', () => {
    const ids = Array.from({ length: 9 }, (_, i) => `group ${i}`);
    const diff = {
      before: { system: { display_name: 'a' }, groups: ids, users: [] },
      after: { system: { display_name: 'a' }, groups: [...ids, 'group 9'], users: [{ id: 'x' }] },
    };
    expect(
      render({ diff, sections: {} }, { module: 'jumpcloud_host' }).split('\n').slice(2, -1),
    ).toEqual([
      ...['--- before: groups', '+++ after: groups', '@@ -7,3 +7,4 @@'],
      ...[' - group 6', ' - group 7', ' - group 8', '+- group 9'],
      ...['--- before: users', '+++ after: users', '@@ -1,1 +1,1 @@', '-[]', '+- id: x'],
    ]);
  });

  test('a diff with thousands of changed lines is shown in full within a second', () => {
    const list = (word: string) => Array.from({ length: 5000 }, (_, i) => `${word} ${i}`);
    const text = render({ diff: { before: { a: list('x') }, after: { a: list('y') } } });
    expect(text).toContain('@@ -1,5001 +1,5001 @@\n-a:\n-  - x 0\n');
    expect(text).toContain('\n+  - y 4999\n');
  });
});

describe('lists', () => {
  test('a list of groups shows the changed groups first, and in each row the name before the id', () => {
    const [a, b, c] = [ID, OTHER_ID, ID.replace('5', '4')];
    const result = { groups: [a, b], added: [b], removed: [c], names: { [a]: 'zoo', [c]: 'old' } };
    expect(render(result)).toContain(
      ['groups (2)', `  +       ${b}`, `  -  old  ${c}`, `     zoo  ${a}`, ''].join('\n'),
    );
  });

  test('a list of users shows sudo, and whether access is direct or through a group', () => {
    const paths = [
      [{ type: 'user', id: ID }],
      [
        { type: 'user_group', id: OTHER_ID },
        { type: 'user', id: ID },
      ],
    ];
    const users = [{ id: ID, sudo: true, sudo_without_password: true, direct: true, paths }];
    const terminal = { columns: 100, isColoured: false };
    expect(render({ users, names: { [ID]: 'ada', [OTHER_ID]: 'ops' } }, { terminal })).toContain(
      `users (1)\n  ada  ${ID}  sudo without password  direct; through user group ops\n`,
    );
  });

  test('a long list is cut and ends with the number of entries that are not shown', () => {
    const groups = Array.from({ length: 50 }, (_, i) => ID.replace('5f1a', `${1000 + i}`));
    expect(render({ groups })).toContain('\n  and 10 more (list all with --json)\n');
  });

  test('wide characters keep the columns aligned', () => {
    const text = render({ groups: [ID, OTHER_ID], names: { [ID]: '東京', [OTHER_ID]: 'web' } });
    expect(text).toContain(`  web   ${OTHER_ID}\n  東京  ${ID}\n`);
  });

  test('the row of a stale record shows the last contact and the reason; a long reason wraps within its column', () => {
    const reason = 'Last contact 61 days ago. Its instance_id is listed in dead.values.';
    const stale = [{ id: ID, hostname: 'web_1', last_contact: '2026-09-30T08:00:00.000Z', reason }];
    const text = render({ stale, total: 9 }, { terminal: { columns: 100, isColoured: false } });
    expect(text).toContain(
      [
        `  web_1  ${ID}  2026-09-30T08:00:00.000Z  Last contact 61 days ago. Its`,
        `${' '.repeat(61)}instance_id is listed in dead.values.`,
        '',
      ].join('\n'),
    );
    const long = (line: string) => line.length > 80;
    expect(render({ stale, total: 9 }).split('\n').filter(long)).toEqual([]);
  });

  test('jumpcloud_names prints a table of kind, name and id', () => {
    const names = { system_group: { web: ID }, user: { ada: OTHER_ID } };
    expect(render({ names, dynamic: [ID] }, { module: 'jumpcloud_names' })).toContain(
      `\n\nsystem group  web  ${ID}  dynamic\nuser          ada  ${OTHER_ID}\n`,
    );
  });

  test('jumpcloud_doctor prints a list of checks, with the advice below each check', () => {
    const checks = [
      { check: 'agent_directory', status: 'ok', detail: '/opt/jc exists.' },
      { check: 'clock', status: 'failed', detail: 'It is 400 s ahead.', advice: 'Set the clock.' },
    ];
    expect(render({ checks }, { module: 'jumpcloud_doctor' })).toContain(
      [
        'ok       agent directory  /opt/jc exists.',
        'failed   clock            It is 400 s ahead.',
        '                          -> Set the clock.',
        '',
      ].join('\n'),
    );
  });
});

describe('failures', () => {
  const failed = (forPeople: object, error: object = { code: 'invalid_arguments' }) =>
    render({
      failed: true,
      error,
      forPeople: { reason: '', advice: '', problems: [], ...forPeople },
    });

  test('several problems are printed as a list, followed by the hint that they share', () => {
    const advice = 'The options are x, y';
    const problems = [
      { option: '', message: 'a is not an option', advice },
      { option: '', message: 'b is not an option', advice },
      { option: 'timeout', message: 'must be above zero' },
    ];
    expect(failed({ problems }).split('\n').slice(2)).toEqual([
      'error: 3 problems in the options:',
      '  - a is not an option',
      '  - b is not an option',
      '  - timeout: must be above zero',
      'hint: The options are x, y.',
      '',
    ]);
  });

  test('several causes are printed as a list', () => {
    const error = { code: 'unauthorized', causes: ['the one', 'the other'] };
    expect(failed({ reason: 'No.', advice: 'Possible causes: …' }, error)).toContain(
      'error: No.\nhint: Possible causes:\n  - the one\n  - the other\n',
    );
  });
});

test('lines break between words at the width of the terminal', () => {
  const words = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ');
  const forPeople = { reason: words, advice: words, problems: [] };
  const result = { failed: true, error: { code: 'tls' }, warnings: [words], forPeople };
  const text = render(result, { terminal: { columns: 40, isColoured: false } });
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
  expect(text.replaceAll('\n  ', ' ')).toContain(`warning: ${words}\n\nerror: ${words}\nhint: `);
});

test('a field without entries is not printed', () => {
  expect(render({ facts: {} })).toBe('jumpcloud_system: ok. Nothing to change.\n');
});

test('a result is coloured on request only', () => {
  const result = { diff: { before: { a: 1 }, after: { a: 2 } }, warnings: ['careful'] };
  expect(render(result, { terminal: { columns: 80, isColoured: true } })).toBe(
    [
      'jumpcloud_system: \x1b[32mok\x1b[0m. Nothing to change.\n',
      ...['\x1b[1m--- before\x1b[0m', '\x1b[1m+++ after\x1b[0m', '\x1b[36m@@ -1,1 +1,1 @@\x1b[0m'],
      ...['\x1b[31m-a: 1\x1b[0m', '\x1b[32m+a: 2\x1b[0m\n', '\x1b[33mwarning:\x1b[0m careful\n'],
    ].join('\n'),
  );
  expect(render(result)).not.toContain('\x1b');
});

test('no text or key in a result can control the terminal', () => {
  const hostile = fc.oneof(
    fc.constantFrom('\x1b[2J', 'a\rb', '\x9b31m', '\u202eevil', '\x07', 'a\nerror: b', '\x00'),
    fc.string({ unit: 'binary' }),
  );
  const edges = fc.array(fc.record({ id: fc.constant(ID), type: hostile, reason: hostile }));
  const result = fc.record({
    msg: hostile,
    warnings: fc.array(hostile, { maxLength: 3 }),
    users: edges,
    settings: fc.dictionary(hostile, hostile, { noNullPrototype: true }),
    names: fc.record({ [ID]: hostile }),
    checks: fc.array(
      fc.record({ check: hostile, status: hostile, detail: hostile, advice: hostile }),
    ),
    diff: fc.record({
      before: fc.dictionary(hostile, hostile, { noNullPrototype: true }),
      after: fc.dictionary(hostile, fc.array(hostile), { noNullPrototype: true }),
    }),
    failed: fc.boolean(),
    error: fc.record({ code: hostile, causes: fc.array(hostile, { maxLength: 3 }) }),
    forPeople: fc.record({ reason: hostile, advice: hostile, problems: fc.constant([]) }),
  });
  fc.assert(
    fc.property(result, (given) => {
      const { forPeople, ...rest } = given;
      const text = render(given.failed ? given : rest);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for control characters
      expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
    }),
    { numRuns: 30 },
  );
});
