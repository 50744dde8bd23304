import { describe, expect, test } from 'vitest';
import { InvalidArguments } from '../../../src/base/errors.ts';
import { proxyFor } from '../../../src/transport/connect/proxy.ts';

const origin = 'https://console.jumpcloud.com';
const proxy = { HTTPS_PROXY: 'http://proxy.example:3128' };

describe('proxyFor with the proxy option', () => {
  test('proxyFor prefers the option `proxy` to all environment variables, including NO_PROXY', () => {
    const result = proxyFor(origin, 'http://other.example:8080', { ...proxy, NO_PROXY: '*' });
    expect(result).toEqual({ url: 'http://other.example:8080', authorization: undefined });
  });

  test('proxyFor separates the credentials from the URL', () => {
    expect(proxyFor(origin, 'http://us%40er:p%C3%A4ss%@p.example:1', {})).toEqual({
      url: 'http://p.example:1',
      authorization: `Basic ${Buffer.from('us@er:päss%').toString('base64')}`,
    });
  });
});

describe('proxyFor with the environment', () => {
  test.each([
    [{}, undefined],
    [{ HTTPS_PROXY: '' }, undefined],
    [proxy, 'http://proxy.example:3128'],
    [{ https_proxy: 'proxy.example:3128' }, 'http://proxy.example:3128'],
    [{ ...proxy, https_proxy: 'http://first.example' }, 'http://first.example'],
    [{ HTTP_PROXY: 'http://proxy.example' }, undefined],
  ])('proxyFor returns for %j the proxy %j', (environment, url) => {
    expect(proxyFor(origin, undefined, environment)?.url).toBe(url);
  });

  test('proxyFor rejects an invalid proxy URL without quoting it', () => {
    const environment = { HTTPS_PROXY: 'socks5://user:geheim@proxy.example' };
    expect(() => proxyFor(origin, undefined, environment)).toThrow(InvalidArguments);
    expect(() => proxyFor(origin, undefined, environment)).not.toThrow(/geheim/);
  });
});

describe('proxyFor with NO_PROXY', () => {
  test.each([
    ['*', true],
    ['console.jumpcloud.com', true],
    ['jumpcloud.com', true],
    ['.jumpcloud.com', true],
    ['*.jumpcloud.com', true],
    ['JumpCloud.COM', true],
    ['example.com, jumpcloud.com', true],
    ['example.com jumpcloud.com', true],
    ['jumpcloud.com.', true],
    ['.jumpcloud.com.', true],
    ['console.jumpcloud.com.:443', true],
    ['.', false],
    ['*.', false],
    [',,', false],
    ['jumpcloud.com:443', true],
    ['jumpcloud.com:8443', false],
    ['cloud.com', false],
    ['notjumpcloud.com', false],
    ['eu.jumpcloud.com', false],
    ['', false],
  ])('whether NO_PROXY=%j exempts console.jumpcloud.com: %j', (noProxy, exempt) => {
    const found = proxyFor(origin, undefined, { ...proxy, NO_PROXY: noProxy });
    expect(found === undefined).toBe(exempt);
  });

  test('NO_PROXY exempts a host name that ends with a dot', () => {
    const environment = { ...proxy, NO_PROXY: 'jumpcloud.com' };
    expect(proxyFor(`${origin}.`, undefined, environment)).toBeUndefined();
    expect(proxyFor('https://10.1.2.3', undefined, { ...proxy, NO_PROXY: '.' })).toBeDefined();
  });

  test('proxyFor does not exempt a loopback address by default', () => {
    expect(proxyFor('https://127.0.0.1:8443', undefined, proxy)).toBeDefined();
    const environment = { ...proxy, no_proxy: '127.0.0.1' };
    expect(proxyFor('https://127.0.0.1:8443', undefined, environment)).toBeUndefined();
  });

  test.each([
    ['https://[::1]', '::1', true],
    ['https://[::1]', '[::1]', true],
    ['https://[::1]', '[::1]:443', true],
    ['https://[::1]', '[::1]:8443', false],
    ['https://[::1]:8443', '[::1]:8443', true],
    ['https://[::1]', '0:0:0:0:0:0:0:1', true],
    ['https://[::1]', '::1/128', true],
    ['https://[::1]', '::/0', true],
    ['https://[::1]', '[::/0]', true],
    ['https://[::1]', '[::1', false],
    ['https://[::1]', 'fe80::1%eth0,::1', true],
    ['https://[::1]', '::2', false],
    ['https://[::1]', ':1', false],
    ['https://[2001:db8::a]', '2001:0DB8:0:0::000a', true],
    ['https://[2001:db8::a]', 'example.com,[2001:DB8::A]', true],
    ['https://[2001:db8::a]', '2001:db8::/32', true],
    ['https://[2001:db8::a]', '[2001:db8::]/32', true],
    ['https://[2001:db9::a]', '2001:db8::/32', false],
    ['https://[2001:db8::a]', '2001:db8::/129', false],
    ['https://[2001:db8::a]', '2001:db8::/', false],
    ['https://[::ffff:10.1.2.3]', '::ffff:10.1.2.3', true],
    ['https://10.1.2.3', '10.1.2.3', true],
    ['https://10.1.2.3', '10.0.0.0/8', true],
    ['https://10.1.2.3', '0.0.0.0/0', true],
    ['https://10.1.2.3', '10.0.0.0/8:443', true],
    ['https://10.1.2.3', '10.0.0.0/8:8443', false],
    ['https://11.1.2.3', '10.0.0.0/8', false],
    ['https://10.1.2.3', '2.3', false],
    [origin, '10.0.0.0/8,::/0', false],
  ])(
    'whether the address %s is exempt from the proxy with NO_PROXY=%j: %j',
    (to, noProxy, exempt) => {
      const found = proxyFor(to, undefined, { ...proxy, NO_PROXY: noProxy });
      expect(found === undefined).toBe(exempt);
    },
  );
});

test('proxyFor returns no proxy for plain http', () => {
  expect(proxyFor('http://127.0.0.1:8080', undefined, proxy)).toBeUndefined();
  expect(proxyFor('http://127.0.0.1:8080', 'http://proxy.example', {})).toBeUndefined();
});
