import type { Client } from './client.ts';
import { asTestObject, COLLECTION_PATHS, type TestObject } from './test-object.ts';

const PAGE_SIZE = 100;
/**
 * The maximum number of pages of a list, enough for 5,000 groups or users. The probe is meant for
 * small organisations.
 */
const MAX_PAGES = 50;

/** The test objects and the dynamic groups of an organisation. */
export interface Survey {
  readonly testObjects: readonly TestObject[];
  readonly dynamicGroups: ReadonlySet<string>;
}

/** The error for an organisation that could not be read. Nothing was changed. */
export class SurveyError extends Error {}

/** Lists all system groups and users with the administrator's credentials. */
export async function survey(client: Client): Promise<Survey> {
  const groups = await readAllPages(async (skip) => {
    const path = `${COLLECTION_PATHS.system_group}?limit=${PAGE_SIZE}&skip=${skip}&sort=id`;
    const answer = await client.send({ actor: 'administrator', method: 'GET', path });
    requireOkStatus('system groups', answer.status);
    return { entries: answer.body, total: Number(answer.headers['x-total-count']) };
  });
  const users = await readAllPages(async (skip) => {
    const answer = await client.send({
      actor: 'administrator',
      method: 'POST',
      path: '/api/search/systemusers',
      body: { fields: 'username email', limit: PAGE_SIZE, skip, sort: '_id' },
    });
    requireOkStatus('users', answer.status);
    const { results, totalCount } = Object(answer.body);
    return { entries: results, total: Number(totalCount) };
  });
  const isDefined = (object: TestObject | undefined) => object !== undefined;
  return {
    testObjects: [
      ...groups.map((group) => asTestObject('system_group', group)).filter(isDefined),
      ...users.map((user) => asTestObject('user', user)).filter(isDefined),
    ],
    dynamicGroups: new Set(
      groups
        .filter(({ membershipMethod }) => String(membershipMethod).startsWith('DYNAMIC_'))
        .map(({ id }) => String(id)),
    ),
  };
}

type Entry = Readonly<Record<string, unknown>>;

/**
 * Reads all pages of a list. Stops when the total is reached, or at an empty page if there is no
 * total. A short page does not end the list.
 */
async function readAllPages(
  readPage: (skip: number) => Promise<{ entries: unknown; total: number }>,
): Promise<Entry[]> {
  const all: Entry[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const skip = page * PAGE_SIZE;
    const { entries, total } = await readPage(skip);
    const list = Array.isArray(entries) ? entries.map(Object) : [];
    all.push(...list);
    const isEnd = Number.isNaN(total) ? list.length === 0 : skip + PAGE_SIZE >= total;
    if (isEnd) return all;
  }
  throw new SurveyError(
    `The organisation has more than ${MAX_PAGES * PAGE_SIZE} groups or users. Use a smaller, throwaway organisation.`,
  );
}

function requireOkStatus(what: string, status: number): void {
  if (status === 200) return;
  throw new SurveyError(
    `The administrator's credentials cannot list ${what} (status ${status}). Check the key, the organisation and the role.`,
  );
}
