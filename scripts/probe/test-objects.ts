import type { Client } from './client.ts';
import type { ProbeScope } from './permission.ts';
import {
  asTestObject,
  COLLECTION_PATHS,
  makeTestEmail,
  makeTestName,
  type TestObject,
  type TestObjectKind,
} from './test-object.ts';
import { UnansweredQuestion } from './unanswered-question.ts';

/** The test objects of this organisation that the probe may change. */
export class TestObjects {
  readonly run: string;
  readonly made = new Map<string, TestObject>();
  readonly #created = new Map<string, TestObject>();

  constructor(run: string) {
    this.run = run;
  }

  /** Returns a static system group of this run. Creates it at the first call. */
  group(client: Client, index: number): Promise<TestObject> {
    const name = makeTestName(this.run, 'group', index);
    return this.#create(client, 'system_group', name, { name });
  }

  /**
   * Returns a user of this run. Creates the user at the first call, in the state STAGED: it has no
   * password, gets no mail, and has no account on any host.
   */
  user(client: Client, index: number): Promise<TestObject> {
    const username = makeTestName(this.run, 'user', index);
    const body = { username, email: makeTestEmail(username), state: 'STAGED' };
    return this.#create(client, 'user', username, body);
  }

  /**
   * Creates a dynamic group of all hosts with the given host name. Sends the rule of the group as
   * an object, as in the API's examples. If that fails, sends the rule as text, as in the API's
   * schema.
   */
  async dynamicGroup(client: Client, index: number, hostname: string): Promise<TestObject> {
    const name = makeTestName(this.run, 'dynamic', index);
    const rule = { field: 'hostname', operator: 'eq', value: hostname };
    const create = (filters: readonly unknown[]) =>
      this.#create(client, 'system_group', name, {
        name,
        membershipMethod: 'DYNAMIC_AUTOMATED',
        memberQuery: { queryType: 'FilterQuery', filters },
      });
    const group = await create([rule]).catch((error: unknown) => {
      if (error instanceof UnansweredQuestion) return create([JSON.stringify(rule)]);
      throw error;
    });
    const path = `${COLLECTION_PATHS.system_group}/${group.id}`;
    const { body } = await client.send({ actor: 'administrator', method: 'GET', path });
    if (!String(Object(body).membershipMethod).startsWith('DYNAMIC_')) {
      throw new UnansweredQuestion('JumpCloud did not make the test group dynamic');
    }
    return group;
  }

  /** Removes a deleted object from the list of objects that may be changed. */
  forget(id: string): void {
    this.made.delete(id);
  }

  async #create(
    client: Client,
    kind: TestObjectKind,
    name: string,
    body: object,
  ): Promise<TestObject> {
    const known = this.#created.get(name);
    if (known !== undefined) return known;
    const answer = await client.send({
      actor: 'administrator',
      method: 'POST',
      path: COLLECTION_PATHS[kind],
      body,
    });
    const object = asTestObject(kind, answer.body);
    if (answer.status >= 300 || object?.name !== name) {
      throw new UnansweredQuestion(`a test object could not be created (${formatStatus(answer)})`);
    }
    const { state = 'STAGED' } = Object(answer.body);
    this.made.set(object.id, object);
    if (kind === 'user' && state !== 'STAGED') {
      throw new UnansweredQuestion('JumpCloud did not create the test user in the state STAGED');
    }
    this.#created.set(name, object);
    return object;
  }
}

/** Formats an HTTP status, or the failure of a request without an answer, for a message. */
export function formatStatus({ status, failure }: { status: number; failure: string | undefined }) {
  return status === 0 ? `no answer: ${failure}` : `status ${status}`;
}

/** Returns the objects and fields that the probe may change. */
export function scopeOf(
  objects: TestObjects,
  systemId: string,
  description: string | undefined,
  mayDeleteRecord: boolean,
): ProbeScope {
  return { systemId, made: objects.made, description, mayDeleteRecord };
}
