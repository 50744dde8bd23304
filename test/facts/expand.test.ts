import { beforeEach, describe, expect, test, vi } from 'vitest';
import { FactUnavailable } from '../../src/base/errors.ts';
import { References } from '../../src/facts/expand.ts';
import { InvalidValue } from '../../src/options/invalid-value.ts';

const { signal } = new AbortController();

beforeEach(() => {
  vi.stubEnv('ROLE', ' web ');
  vi.stubEnv('NESTED', '{env.ROLE} $& {no.fact}');
  vi.stubEnv('EMPTY', ' ');
  vi.stubEnv('MISSING', undefined);
  return () => vi.unstubAllEnvs();
});

/** Expands texts in two passes: the first collects the references, the second replaces them. */
async function expand(...texts: string[]) {
  const references = new References();
  for (const text of texts) expect(references.expand(text)).toBe(text);
  const report = vi.fn();
  const expansion = await references.resolveFacts(signal, report);
  return { texts: texts.map((text) => expansion.expand(text)), facts: report.mock.calls };
}

/** Returns the error with which a promise rejects. */
async function failureOf(promise: Promise<unknown>): Promise<FactUnavailable> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(FactUnavailable);
  return error;
}

test('references are replaced with trimmed values, and the values are reported', async () => {
  expect(await expand('{env.ROLE}-1', 'no reference')).toEqual({
    texts: ['web-1', 'no reference'],
    facts: [[{ 'env.ROLE': 'web' }]],
  });
});

test('references inside the value of a fact are not replaced', async () => {
  const { texts } = await expand('{env.NESTED}');
  expect(texts).toEqual(['{env.ROLE} $& {no.fact}']);
});

test('missing or empty facts expand to defaults, and the defaults are reported', async () => {
  const { texts, facts } = await expand('{env.MISSING|a|b}', '{env.EMPTY|}', '{env.ROLE|other}');
  expect(texts).toEqual(['a|b', '', 'web']);
  expect(facts).toEqual([[{ 'env.MISSING': 'a|b', 'env.EMPTY': '', 'env.ROLE': 'web' }]]);
});

test('if references give a missing fact different defaults, each default is reported', async () => {
  const { texts, facts } = await expand('{env.MISSING|1}{env.MISSING|2}', '{env.MISSING|1}');
  expect(texts).toEqual(['12', '1']);
  expect(facts).toEqual([[{ 'env.MISSING': ['1', '2'] }]]);
});

describe('References, for facts without a value and a default', () => {
  test('all unavailable facts are listed, each once, with their sources', async () => {
    const error = await failureOf(
      expand('{env.MISSING}{env.MISSING}', '{env.EMPTY} {env.ROLE}', '{env.MISSING|default}'),
    );
    expect(error.message).toBe(
      'Could not expand {env.MISSING} (not found in the environment), {env.EMPTY} (empty in the environment). Give a default, as in {env.MISSING|default}, or run again once the fact is available.',
    );
    expect(error.details).toEqual({
      facts: [
        { fact: 'env.MISSING', reason: 'not found in the environment' },
        { fact: 'env.EMPTY', reason: 'empty in the environment' },
      ],
    });
  });

  test('available facts are reported even if others are unavailable', async () => {
    const references = new References();
    references.expand('{env.MISSING} {env.ROLE}');
    const report = vi.fn();
    await failureOf(references.resolveFacts(signal, report));
    expect(report.mock.calls).toEqual([[{ 'env.ROLE': 'web' }]]);
  });
});

describe('a text that must not expand to nothing', () => {
  const resolve = (text: string) => {
    const references = new References();
    references.expand(text, 'why');
    return references.resolveFacts(signal, () => {});
  };

  test.each(['{env.MISSING|}', '{env.MISSING|}{env.EMPTY|}'])(
    '%s expands to nothing, so it fails where an empty value is refused',
    async (text) => {
      const error = await failureOf(resolve(text));
      const facts = text.match(/env\.\w+/g) ?? [];
      expect(error.details).toEqual({
        facts: facts.map((fact) => ({ fact, reason: expect.stringMatching(/environment; why$/) })),
      });
    },
  );

  test.each(['{env.MISSING|a}', '{env.MISSING|}-', '{env.MISSING|}{env.ROLE}', '{env.ROLE|}'])(
    '%s expands to a text that is not empty, so it is accepted even where an empty value is refused',
    async (text) => {
      await expect(resolve(text)).resolves.toBeDefined();
    },
  );
});

describe('a reference to an unknown fact', () => {
  const issuesOf = (text: string) => {
    try {
      new References().expand(text);
    } catch (error) {
      if (error instanceof InvalidValue) return error.issues;
      throw error;
    }
    return [];
  };

  test('an unknown fact is invalid, with a hint and the known facts', () => {
    expect(issuesOf('{hostnam}')).toEqual([
      {
        path: [],
        message: 'unknown fact {hostnam}; did you mean {hostname}?',
        advice: expect.stringMatching(
          /^Known facts are hostname, .*, env\.NAME, cloud\.tag\.NAME$/,
        ),
      },
    ]);
  });

  test.each([
    '{nothing.like_it|x}',
    '{cloud.tag.}',
    '{env.|x}',
    '{cloud.tag}',
    '{cloud.tags.Role}',
  ])('the fact in %s is reported as unknown', (text) => {
    expect(issuesOf(text)).toMatchObject([{ message: expect.stringMatching(/^unknown fact \{/) }]);
  });

  test('all unknown facts of a text are reported, each once', () => {
    expect(issuesOf('{a_b} {hostname} {cloud.tag} {a_b|x}')).toMatchObject([
      { message: 'unknown fact {a_b}' },
      { message: expect.stringMatching(/^unknown fact \{cloud\.tag\}/) },
    ]);
  });

  test('an unknown fact that looks like a secret is not quoted', () => {
    const [issue] = issuesOf('{a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6}');
    expect(issue?.message).toBe('unknown fact {********}');
  });
});

test('hasUnreadFacts returns true for a reference until the facts have been read', async () => {
  const references = new References();
  expect(references.hasUnreadFacts('{env.ROLE}')).toBe(true);
  expect(references.hasUnreadFacts('{ env.ROLE }')).toBe(false);
  references.expand('{env.ROLE}');
  const expansion = await references.resolveFacts(signal, () => {});
  expect(expansion.hasUnreadFacts('{env.ROLE}')).toBe(false);
});
