import { describe, expect, test } from 'vitest';
import { Internal, Unavailable } from '../../src/base/errors.ts';
import {
  failureResult,
  serialize,
  successResult,
  toModuleError,
} from '../../src/protocol/result.ts';

describe('failureResult', () => {
  const error = new Unavailable('gone', { attempts: 2, cause: new Error('cause') });

  test('failureResult() returns the error code, the error details and the result fields from before the failure', () => {
    expect(failureResult(toModuleError(error), { changed: true, added: ['a'] }, 3)).toEqual({
      changed: true,
      added: ['a'],
      failed: true,
      msg: 'gone',
      error: { code: 'unavailable', attempts: 2 },
    });
    expect(failureResult(toModuleError(error), {}, 0)).toMatchObject({ changed: false });
  });

  test.each([
    [new TypeError('x is not a function'), /\(TypeError: x is not a function\)/],
    ['thrown text', /\(thrown text\)/],
    [undefined, /\(undefined\)/],
    [null, /\(null\)/],
  ])('failureResult() reports the thrown value %s as a bug', (thrown, message) => {
    const result = failureResult(toModuleError(thrown), {}, 2);
    expect(result).toMatchObject({ failed: true, error: { code: 'internal' } });
    expect(result['msg']).toMatch(message);
    expect(result['error']).not.toHaveProperty('stack');
    expect(Object(failureResult(toModuleError(thrown), {}, 3)['error'])).toHaveProperty('stack');
  });

  test('failureResult() returns the stack of an error of the class `Internal`', () => {
    const bug = new Internal('a bug');
    expect(Object(failureResult(bug, {}, 3)['error']).stack).toContain('result.test.ts');
  });
});

test('successResult() returns a diff only in diff mode', () => {
  const outcome = {
    changed: true,
    msg: 'm',
    diff: { before: 1, after: 2 },
    fields: { groups: [] },
  };
  expect(successResult(outcome, false)).toEqual({ changed: true, msg: 'm', groups: [] });
  expect(successResult(outcome, true)).toMatchObject({ diff: { before: 1, after: 2 } });
});

test('serialize replaces line breaks in the messages of a result, but not in a stack', () => {
  const hidden = 'a\n\u202eb';
  const error = { code: 'internal', causes: [hidden], stack: 'Error\n  at x' };
  const result = { changed: false, msg: hidden, warnings: [hidden], error, data: hidden };
  const shown = 'a \\u202eb';
  const text = serialize(result, false);
  expect(JSON.parse(text)).toEqual({
    changed: false,
    msg: shown,
    warnings: [shown],
    error: { code: 'internal', causes: [shown], stack: 'Error\n  at x' },
    data: hidden,
  });
  expect(text).not.toContain('\u202e');
});

test('serialize returns one line, or indented JSON for people', () => {
  const result = { changed: false, msg: 'm' };
  expect(serialize(result, false)).toBe(`${JSON.stringify(result)}\n`);
  expect(serialize(result, true)).toBe(`${JSON.stringify(result, undefined, 2)}\n`);
});
