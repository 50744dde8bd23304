import { expect, test } from 'vitest';
import { RunReport } from '../../src/protocol/run-report.ts';

test('RunReport conceals every secret in a text', () => {
  const report = new RunReport();
  report.addSecret('SECRET');
  report.addSecret('$&');
  const text = report.maskSecrets('{"msg":"a$&b SECRET SECRET","deep":[{"SECRET":"xSECRETx"}]}');
  expect(text).toBe('{"msg":"a********b ******** ********","deep":[{"********":"x********x"}]}');
});

test('RunReport lists a repeated warning once', () => {
  const report = new RunReport();
  for (const sentence of ['a', 'b', 'a']) report.warn(sentence);
  expect(report.commonFields({ withApi: true })).toEqual({ warnings: ['a', 'b'] });
});

test('RunReport returns the system id and, on request, the API details that were set', () => {
  const report = new RunReport();
  report.setSystemId('5f1a');
  let requests = 0;
  report.setApiReport(() => ({ requests }));
  requests = 3;
  const system = { system_id: '5f1a', warnings: [] };
  expect(report.commonFields({ withApi: false })).toEqual(system);
  expect(report.commonFields({ withApi: true })).toEqual({ ...system, api: { requests: 3 } });
});
