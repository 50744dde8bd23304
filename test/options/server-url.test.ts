import { expect, test } from 'vitest';
import { parseServerUrl } from '../../src/base/server-url.ts';

test.each([
  ['https://host', 'https://host'],
  ['http://host:8443/', 'http://host:8443'],
  ['https://[::1]:1', 'https://[::1]:1'],
  ['http://us%40er:p%C3%A4ss@host:1', 'http://host:1'],
])('parseServerUrl(%s) has the origin %s', (text, origin) => {
  expect(parseServerUrl(text)?.origin).toBe(origin);
});

test.each([
  '',
  'host',
  'host:8443',
  '//host',
  'ftp://host',
  'socks5://jane:geheim@host',
  'jane:geheim@host:1',
  'https://host/path',
  'https://host//',
  'https://host/?',
  'https://host/#',
  'https://host:99999',
  'https://host:123#',
  'https://jane:123#geheim@host:1',
  'https://jane:123?geheim@host:1',
  'https://jane:123/geheim@host:1',
  'https://jane:123\\geheim@host:1',
])('parseServerUrl(%j) is undefined', (text) => {
  expect(parseServerUrl(text)).toBeUndefined();
});
