import { describe, expect, test } from 'vitest';
import { formatAuditLine } from '../../src/agent/audit-line.ts';
import { settingsOptions } from '../../src/resources/system/system-options.ts';
import type { LoggedWrite } from '../../src/run.ts';
import fc from '../harness/fast-check.ts';

const ID = '5f1a3b0c9d2e4f6a7b8c9d10';
const SYSTEM = '5f1a3b0c9d2e4f6a7b8c9d99';

function lineFor(write: Omit<LoggedWrite, 'systemId' | 'name'> & { name?: string }): string {
  return formatAuditLine({ systemId: SYSTEM, name: undefined, ...write });
}

/** Splits an audit line into its fields. Shares no code with `formatAuditLine`. */
function fieldsOf(text: string): Record<string, string> {
  const fields = [...text.matchAll(/(\w+)=("[^"]*"|\S*)/g)];
  return Object.fromEntries(fields.map(([, key = '', value = '']) => [key, value]));
}

describe('auditLine', () => {
  const withPassword = { sudo: true, sudo_without_password: false };
  const rows: [title: string, write: Parameters<typeof lineFor>[0], expected: string][] = [
    [
      'a group that was joined has no sudo',
      { op: 'add', type: 'system_group', id: ID },
      `op=add type=system_group id=${ID} system=${SYSTEM}`,
    ],
    [
      'a user that was added without sudo has both flags, as false',
      { op: 'add', type: 'user', id: ID },
      `op=add type=user id=${ID} sudo=false sudo_without_password=false system=${SYSTEM}`,
    ],
    [
      'a user group whose sudo was updated has both flags',
      { op: 'update', type: 'user_group', id: ID, sudo: withPassword, name: 'web ops' },
      `op=update type=user_group id=${ID} sudo=true sudo_without_password=false system=${SYSTEM} name="web ops"`,
    ],
    [
      'a user that was removed has no sudo',
      { op: 'remove', type: 'user', id: ID, name: 'ada' },
      `op=remove type=user id=${ID} system=${SYSTEM} name="ada"`,
    ],
    [
      'a record that was updated has the names of its fields and attributes',
      {
        op: 'update',
        type: 'system',
        fields: ['display_name', 'attributes'],
        attributes: ['role', 'cost center', 'a,b'],
      },
      `op=update type=system system=${SYSTEM} fields=display_name,attributes attributes=role,"cost center","a,b"`,
    ],
    [
      'a record that was updated without attributes has no list of them',
      { op: 'update', type: 'system', fields: ['description'], attributes: [] },
      `op=update type=system system=${SYSTEM} fields=description`,
    ],
    [
      'a record that was deleted has nothing but its id',
      { op: 'delete', type: 'system' },
      `op=delete type=system system=${SYSTEM}`,
    ],
  ];
  test.each(rows)('in the audit line, %s', (_, write, expected) => {
    expect(lineFor(write)).toBe(expected);
  });

  test('line breaks, quotes, backslashes and equals signs in a name are escaped in the audit line', () => {
    const name = 'a\r\nb" op=delete\\ type=system\u2028\u0085\u202e';
    const escaped =
      '"a\\u000d\\u000ab\\u0022 op\\u003ddelete\\u005c type\\u003dsystem\\u2028\\u0085\\u202e"';
    const text = lineFor({ op: 'add', type: 'user', id: ID, name });
    expect(text).toContain(` name=${escaped}`);
    expect(JSON.parse(escaped)).toBe(name);
  });

  test('an audit line names as many attributes as fit, and counts the others', () => {
    const attributes = Array.from({ length: 100 }, (_, i) => `attribute-${i}`);
    const fields = fieldsOf(lineFor({ op: 'update', type: 'system', fields: [], attributes }));
    const listed = fields['attributes']?.split(',') ?? [];
    expect(listed).toEqual(attributes.slice(0, listed.length));
    expect(listed.length).toBeGreaterThan(40);
    expect(Number(fields['attributes_omitted'])).toBe(100 - listed.length);
  });

  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 2000 }),
    fc.string({ unit: fc.constantFrom('"', '\\', '=', ' ', '\n', ',', '\u{e0041}', '\ud800') }),
  );

  test('a name cannot start a second audit line or a second field', () => {
    fc.assert(
      fc.property(text, fc.array(text), (name, attributes) => {
        const written = lineFor({
          op: 'add',
          type: 'policy',
          id: ID,
          name,
          fields: [],
          attributes,
        });
        expect(written).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        const keys = [...written.matchAll(/(\S*)=/g)].map(([, key]) => key);
        const expected = ['op', 'type', 'id', 'system', 'name', 'fields'];
        expect(keys.filter((key) => !key?.startsWith('attributes'))).toEqual(expected);
        expect(keys).toEqual([...new Set(keys)]);
      }),
      { numRuns: 2000 },
    );
  });

  test('an audit line is shorter than 1,000 bytes, however long the names are', () => {
    const fields = Object.keys(settingsOptions).filter(
      (option) => option !== 'settle' && option !== 'purge_attributes',
    );
    fc.assert(
      fc.property(text, fc.array(text), (name, attributes) => {
        const sudo = { sudo: false, sudo_without_password: false };
        const edge = lineFor({ op: 'update', type: 'user_group', id: ID, sudo, name });
        const record = lineFor({ op: 'update', type: 'system', fields, attributes });
        expect(Buffer.byteLength(edge)).toBeLessThan(1000);
        expect(Buffer.byteLength(record)).toBeLessThan(1000);
      }),
      { numRuns: 2000 },
    );
  });
});
