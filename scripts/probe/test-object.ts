/** The kinds of objects that the probe creates. */
export const TEST_OBJECT_KINDS = ['system_group', 'user'] as const;
export type TestObjectKind = (typeof TEST_OBJECT_KINDS)[number];

/** The path at which an administrator lists and creates the objects of a kind. */
export const COLLECTION_PATHS: Readonly<Record<TestObjectKind, string>> = {
  system_group: '/api/v2/systemgroups',
  user: '/api/systemusers',
};

/** An object that a run of the probe has created. */
export interface TestObject {
  readonly kind: TestObjectKind;
  readonly id: string;
  readonly name: string;
}

const TEST_NAME = /^jsc-probe-[0-9a-f]{8}-(?:group|dynamic|user)-\d$/;

/** Returns the name of a run's object, for example `jsc-probe-1f2e3d4c-group-1`. */
export function makeTestName(
  run: string,
  label: 'group' | 'dynamic' | 'user',
  index: number,
): string {
  return `jsc-probe-${run}-${label}-${index}`;
}

/** Returns whether a name has the form of the names of test objects. */
export function isTestName(name: unknown): name is string {
  return typeof name === 'string' && TEST_NAME.test(name);
}

/** Returns the address of a test user. No mail can reach example.com. */
export function makeTestEmail(username: string): string {
  return `${username}@example.com`;
}

/**
 * Returns the object in an answer of JumpCloud if the probe created it, otherwise undefined.
 * Requires the name of a test object and, for a user, the address of a test user.
 */
export function asTestObject(kind: TestObjectKind, answer: unknown): TestObject | undefined {
  const { id, _id = id, name, username, email } = Object(answer);
  const given = kind === 'user' ? username : name;
  if (typeof _id !== 'string' || !/^[0-9a-f]{24}$/.test(_id) || !isTestName(given))
    return undefined;
  if (kind === 'user' && email !== makeTestEmail(given)) return undefined;
  return { kind, id: _id, name: given };
}
