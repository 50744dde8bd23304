import { describe, expect, test } from 'vitest';
import { choices } from '../../src/options/choice.ts';
import { objects } from '../../src/options/id.ts';
import { INVALID } from '../../src/options/invalid-value.ts';
import { required, withDefault } from '../../src/options/option.ts';
import { moduleArgs, readOptions } from '../../src/options/read-options.ts';
import { boolean, text } from '../../src/options/scalars.ts';
import { seconds } from '../../src/options/seconds.ts';
import { proxyUrl } from '../../src/options/url.ts';

const TABLE = {
  name: required(text()),
  flag: boolean(),
  wait: withDefault(seconds('above zero'), 10),
  groups: objects('system_group'),
  gather: withDefault(choices('a', 'b'), ['a', 'b']),
  proxy: proxyUrl(),
};
const read = (options: Record<string, unknown>) =>
  readOptions('example', TABLE, new Map(Object.entries(options)));
const [ID, OTHER] = ['0123456789abcdef01234567', 'ABCDEF0123456789ABCDEF01'];

test('an option that is null or missing gets its default', async () => {
  const values = {
    name: 'x',
    flag: undefined,
    wait: 10,
    groups: undefined,
    gather: ['a', 'b'],
    proxy: undefined,
  };
  const options = { name: 'x', flag: null, wait: null };
  expect(await read(options)).toEqual({ problems: [], partial: values, values });
});

test('readOptions coerces values, and removes duplicates from lists', async () => {
  const options = { name: 1, groups: `${OTHER}, ${ID},${OTHER.toLowerCase()}`, gather: 'b,b' };
  expect(await read(options)).toMatchObject({
    values: { name: '1', groups: [OTHER.toLowerCase(), ID], gather: ['b'] },
  });
});

test('readOptions reports all problems at once, unknown options first', async () => {
  const advice = expect.stringContaining('System Context cannot look up names');
  expect(await read({ nam: 'x', flags: true, wait: 0, groups: [ID, 'x', { id: ID }] })).toEqual({
    partial: {
      name: undefined,
      flag: undefined,
      wait: INVALID,
      groups: [ID, INVALID, INVALID],
      gather: ['a', 'b'],
      proxy: undefined,
    },
    problems: [
      {
        option: '',
        message:
          'Unsupported parameters for (example) module: nam, flags. Supported parameters include: flag, gather, groups, name, proxy, wait. did you mean name instead of nam? did you mean flag instead of flags?',
        parts: [
          { option: 'nam', message: 'is not an option; did you mean name?' },
          { option: 'flags', message: 'is not an option; did you mean flag?' },
        ],
      },
      { option: 'name', message: 'is required' },
      { option: 'wait', message: 'must be above zero, got 0' },
      { option: 'groups', message: expect.stringMatching(/^item 2: expected an id/), advice },
      {
        option: 'groups',
        message: expect.stringMatching(/^item 3: expected an id .* got a mapping$/),
        advice,
      },
    ],
  });
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'an option named %s is unknown',
  async (name) => {
    const options = new Map([
      ['name', 'x'],
      [name, 'y'],
    ]);
    expect(await readOptions('example', TABLE, options)).toMatchObject({
      problems: [{ option: '' }],
    });
  },
);

describe('moduleArgs of a proxy', () => {
  test.each([
    ['http://proxy.example:3128', 'http://proxy.example:3128'],
    ['http://proxy.example:3128/', 'http://proxy.example:3128'],
    ['http://jane:geheim@proxy.example:3128', 'http://********@proxy.example:3128'],
    ['http://jane@proxy.example', 'http://********@proxy.example'],
    ['http://:geheim@proxy.example', 'http://********@proxy.example'],
    ['socks5://jane:geheim@proxy.example', '********'],
    ['http://jane:geheim@proxy.example/path', '********'],
    ['jane:geheim@proxy.example:3128', '********'],
    ['geheim', '********'],
    ['http://jane:12/geheim@proxy.example', '********'],
    ['http://jane:12#geheim@proxy.example', '********'],
    ['http://jane:12?geheim@proxy.example', '********'],
    ['mailto:geheim', '********'],
    [['http://jane:geheim@proxy.example', 'x'], '********'],
    [{ url: 'geheim' }, '********'],
    [undefined, null],
  ])('moduleArgs shows the proxy %j as %s', (proxy, shown) => {
    expect(moduleArgs({ proxy: TABLE.proxy }, { proxy })).toEqual({ proxy: shown });
  });
});

test('moduleArgs shows a Map as a mapping, and a missing option as null', () => {
  const attributes = new Map([['__proto__', 'x']]);
  const { name, groups } = TABLE;
  const args = moduleArgs(
    { name, groups, attributes: text() },
    { name: undefined, groups: [ID], attributes },
  );
  expect(JSON.stringify(args)).toBe(
    `{"name":null,"groups":["${ID}"],"attributes":{"__proto__":"x"}}`,
  );
});

test('moduleArgs masks invalid values and leaves out unknown options', async () => {
  const { partial } = await read({
    name: 5,
    flag: 'geheim',
    groups: [ID, { api_key: 'geheim' }],
    x: 1,
  });
  expect(moduleArgs(TABLE, partial)).toEqual({
    name: '5',
    flag: '********',
    wait: 10,
    groups: [ID, '********'],
    gather: ['a', 'b'],
    proxy: null,
  });
});
