import type { Client } from './client.ts';
import { asTestObject, COLLECTION_PATHS, type TestObject } from './test-object.ts';
import type { TestObjects } from './test-objects.ts';

/**
 * Reads a test object again, and deletes it if it still has the name of a test object. Returns
 * whether the object is gone.
 */
export async function deleteTestObject(
  client: Client,
  objects: TestObjects,
  object: TestObject,
): Promise<boolean> {
  const path = `${COLLECTION_PATHS[object.kind]}/${object.id}`;
  const shown = await client.send({ actor: 'administrator', method: 'GET', path });
  if (shown.status === 404) {
    objects.forget(object.id);
    return true;
  }
  if (asTestObject(object.kind, shown.body)?.id !== object.id) return false;
  objects.made.set(object.id, object);
  const { status } = await client.send({ actor: 'administrator', method: 'DELETE', path });
  const isGone = (status >= 200 && status < 300) || status === 404;
  if (isGone) objects.forget(object.id);
  return isGone;
}
