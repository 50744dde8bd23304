import type { Client } from './client.ts';
import { deleteTestObject } from './deletion.ts';
import {
  membershipRequest,
  recordChangeRequest,
  recordReadRequest,
  userEdgeRequest,
} from './host-actions.ts';
import { type Survey, survey } from './organisation.ts';
import { readPrimaryUser } from './questions/record-fields.ts';
import { insightsState, type OriginalRecord, parseMarkedDescription } from './record-marker.ts';
import type { TestObject } from './test-object.ts';
import type { TestObjects } from './test-objects.ts';

const MAX_ROUNDS = 3;
const ROUND_INTERVAL_MS = 1000;

/** The result of a clean-up. */
export interface CleanUpResult {
  readonly removed: number;
  /** The names of test objects that could not be removed. */
  readonly left: readonly string[];
  /** Whether the record is restored. Undefined if this host cannot read it. */
  readonly isRecordRestored: boolean | undefined;
  readonly dynamicGroups: ReadonlySet<string>;
}

/** The objects and permissions that a clean-up needs. */
export interface CleanUpContext {
  readonly client: Client;
  readonly objects: TestObjects;
  /** Permits requests that restore this description, which this host had before the run. */
  readonly allowDescription: (description: string) => void;
}

/**
 * Restores this host's record and deletes all test objects of this and earlier runs. Finds test
 * objects by name, so that an object is found even if the answer to its creation was lost.
 */
export async function cleanUp({
  client,
  objects,
  allowDescription,
}: CleanUpContext): Promise<CleanUpResult> {
  client.startCleaning();
  try {
    const removed = new Set<string>();
    for (let round = 1; ; round++) {
      const found = await survey(client);
      for (const object of found.testObjects) objects.made.set(object.id, object);
      const isRecordRestored = await restoreRecord(client, found, allowDescription);
      const left: string[] = [];
      for (const object of found.testObjects) {
        await removeEdge(client, object);
        if (await deleteTestObject(client, objects, object)) removed.add(object.id);
        else left.push(object.name);
      }
      const isDone = left.length === 0 && isRecordRestored !== false;
      // Ends after a survey that finds no test objects, or after the last round.
      if ((isDone && found.testObjects.length === 0) || round > MAX_ROUNDS) {
        const { dynamicGroups } = found;
        return { removed: removed.size, left, isRecordRestored, dynamicGroups };
      }
      await client.wait(isDone ? 0 : ROUND_INTERVAL_MS);
    }
  } finally {
    client.endCleaning();
  }
}

/** Removes this host's edge to a test object, before the object is deleted. */
async function removeEdge(client: Client, { kind, id }: TestObject): Promise<void> {
  const { systemId } = client;
  await client.sendOnce(
    kind === 'user'
      ? userEdgeRequest(systemId, 'remove', id)
      : membershipRequest(systemId, 'remove', id),
  );
}

async function restoreRecord(
  client: Client,
  { testObjects }: Survey,
  allowDescription: (description: string) => void,
): Promise<boolean | undefined> {
  const { systemId } = client;
  const read = async () => {
    const { status, body } = await client.send(recordReadRequest(systemId));
    return status === 200 ? (Object(body) as Record<string, unknown>) : undefined;
  };
  const record = await read();
  if (record === undefined) return undefined;
  const testUsers = new Set(testObjects.map(({ id }) => id));
  if (testUsers.has(readPrimaryUser(record).id ?? '')) {
    await client.send(recordChangeRequest(systemId, { 'primarySystemUser.id': null }));
  }
  const original = parseMarkedDescription(record['description']);
  if (original !== undefined) await restoreFields(client, record, original, allowDescription);
  const restored = await read();
  return (
    restored !== undefined &&
    parseMarkedDescription(restored['description']) === undefined &&
    !testUsers.has(readPrimaryUser(restored).id ?? '')
  );
}

/**
 * Restores the description last. Until then, the original values in it are available to a later
 * run.
 */
async function restoreFields(
  client: Client,
  record: Readonly<Record<string, unknown>>,
  { description, systemInsights }: OriginalRecord,
  allowDescription: (description: string) => void,
): Promise<void> {
  const { systemId } = client;
  if (systemInsights !== undefined && insightsState(record['systemInsights']) !== systemInsights) {
    const { status } = await client.send(
      recordChangeRequest(systemId, { systemInsights: { state: systemInsights } }),
    );
    if (status !== 200) return;
  }
  allowDescription(description);
  await client.send(recordChangeRequest(systemId, { description }));
}
