import { describe, expect, test } from 'vitest';
import { findReferences, replaceReferences } from '../../src/facts/references.ts';
import fc from '../harness/fast-check.ts';

describe('findReferences', () => {
  test.each<[text: string, fact: string, fallback: string | undefined]>([
    ['{hostname}', 'hostname', undefined],
    ['{hostname_short}', 'hostname_short', undefined],
    ['{os.pretty_name}', 'os.pretty_name', undefined],
    ['web-{cloud.instance_id}', 'cloud.instance_id', undefined],
    ['{cloud.tag.Role}', 'cloud.tag.Role', undefined],
    ['{cloud.tag.my.team: a/b c}', 'cloud.tag.my.team: a/b c', undefined],
    ['{cloud.tag.}', 'cloud.tag.', undefined],
    ['{cloud.tag}', 'cloud.tag', undefined],
    ['{cloud.tag.a{b}', 'cloud.tag.a{b', undefined],
    ['{env.ROLE}', 'env.ROLE', undefined],
    ['{env.}', 'env.', undefined],
    ['{hostname|}', 'hostname', ''],
    ['{hostname|a|b}', 'hostname', 'a|b'],
    ['{hostname|a {b}', 'hostname', 'a {b'],
    ['{hostname|a\nb}', 'hostname', 'a\nb'],
    ['{cloud.tag.Role|web}', 'cloud.tag.Role', 'web'],
    ['{cloud.tag.Role|}', 'cloud.tag.Role', ''],
    ['{env.ROLE| web }', 'env.ROLE', ' web '],
    ['{{hostname}}', 'hostname', undefined],
    ['{no.such-fact}', 'no.such-fact', undefined],
  ])('findReferences finds the reference in %j', (text, fact, fallback) => {
    expect(findReferences(text)).toEqual([{ fact, fallback }]);
  });

  test('findReferences returns several references in order', () => {
    const facts = findReferences('{a}{b|}{a|c} {env.x}').map(({ fact }) => fact);
    expect(facts).toEqual(['a', 'b', 'a', 'env.x']);
  });

  test.each([
    '',
    'web-1',
    '{}',
    '{|web}',
    '{"a":1}',
    '{ hostname }',
    '{hostname }',
    '{Hostname}',
    '{1}',
    '{_a}',
    '{-}',
    '{hostname',
    'hostname}',
    '{hostname.}',
    '{.hostname}',
    '{cloud..tag}',
    '{cloud.tag.Role',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: of a shell
    '${HOME}',
    '{%s}',
    '{a,b}',
    '{a=1}',
  ])('findReferences finds no reference in %j', (text) => {
    expect(findReferences(text)).toEqual([]);
  });

  test('findReferences takes less than a second for a long text of open braces', () => {
    const start = performance.now();
    for (const piece of ['{', '{env.a|', '{cloud.tag.', '{a.b', '{a|']) {
      findReferences(piece.repeat(5_000));
      findReferences(`}${piece.repeat(5_000)}`);
      findReferences(`${piece.repeat(5_000)}}`);
      replaceReferences(`${piece.repeat(5_000)}}${piece.repeat(5_000)}`, () => 'value');
    }
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('replaceReferences', () => {
  const plain = fc.string({ unit: 'binary' });

  test('replaceReferences returns every text that has no opening brace unchanged', () => {
    fc.assert(
      fc.property(plain, (text) => {
        const given = text.replaceAll('{', '');
        expect(replaceReferences(given, () => 'value')).toBe(given);
      }),
    );
  });

  test('replaceReferences keeps a brace unless a lower-case letter follows it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}|.A1_ "a') }), (text) => {
        const given = text.replace(/\{+(?=[a-z])/g, '');
        expect(replaceReferences(given, () => 'value')).toBe(given);
      }),
    );
  });

  test('replaceReferences does not replace references inside an inserted value', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('{hostname}', '{env.X|y}', '$&', '$1', '}', '{'),
    );
    const literal = fc.string().map((text) => text.replaceAll(/[{}]/g, ''));
    fc.assert(
      fc.property(fc.array(fc.tuple(literal, value)), literal, (parts, end) => {
        const text = parts.map(([before], i) => `${before}{env.${i}}`).join('') + end;
        const expanded = replaceReferences(
          text,
          ({ fact }) => parts[Number(fact.slice(4))]?.[1] ?? '',
        );
        expect(expanded).toBe(parts.flat().join('') + end);
      }),
    );
  });

  test('replaceReferences keeps the outer braces of {{hostname}}', () => {
    expect(replaceReferences('{{hostname}}', () => 'web-1')).toBe('{web-1}');
  });
});
