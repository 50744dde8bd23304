import { expect, test } from 'vitest';
import { RunReport } from '../../src/protocol/run-report.ts';

const report = () => new RunReport();

test('hides every secret everywhere', () => {
  const told = report();
  told.addSecret('SECRET');
  told.addSecret('$&');
  const text = told.conceal('{"msg":"a$&b SECRET SECRET","deep":[{"SECRET":"xSECRETx"}]}');
  expect(text).toBe('{"msg":"a********b ******** ********","deep":[{"********":"x********x"}]}');
});

test('says a warning once', () => {
  const told = report();
  for (const sentence of ['a', 'b', 'a']) told.warn(sentence);
  expect(told.fields({ withApi: true })).toEqual({ warnings: ['a', 'b'] });
});

test('tells the system and the connection once they are known', () => {
  const told = report();
  told.setSystemId('5f1a');
  let requests = 0;
  told.setApi(() => ({ requests }));
  requests = 3;
  const system = { system_id: '5f1a', warnings: [] };
  expect(told.fields({ withApi: false })).toEqual(system);
  expect(told.fields({ withApi: true })).toEqual({ ...system, api: { requests: 3 } });
});
