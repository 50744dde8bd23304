import { expect, test } from 'vitest';
import {
  API_ORIGINS,
  REGIONS,
  regionOfAgentServer,
  regionOfOrigin,
} from '../../src/agent/region.ts';

test.each([
  [undefined, 'us'],
  ['agent.jumpcloud.com', 'us'],
  ['agent.eu.jumpcloud.com', 'eu'],
  ['agent.in.jumpcloud.com', 'in'],
  ['Agent.EU.JumpCloud.com', 'eu'],
  [' agent.in.jumpcloud.com\n', 'in'],
  ['agent.eu.jumpcloud.com:443', 'eu'],
  ['agent.mars.jumpcloud.com', undefined],
  ['agent.eu.jumpcloud.com.example', undefined],
  ['xagent.jumpcloud.com', undefined],
  ['constructor', undefined],
  ['', undefined],
])('regionOfAgentServer(%j) is %s', (host, region) => {
  expect(regionOfAgentServer(host)).toBe(region);
});

test('regionOfOrigin returns the region of each API origin, and undefined for other URLs', () => {
  expect(REGIONS.map((region) => regionOfOrigin(API_ORIGINS[region]))).toEqual(['us', 'eu', 'in']);
  expect(regionOfOrigin('https://console.jumpcloud.com.example')).toBeUndefined();
  expect(regionOfOrigin('http://127.0.0.1:8080')).toBeUndefined();
});
