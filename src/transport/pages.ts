import { UnexpectedResponse } from '../errors.ts';

/** The most that JumpCloud gives at once; its default is 10. */
const PAGE_SIZE = 100;
/** Far beyond any real list; an API that goes on for longer is broken. */
const MOST_PAGES = 1000;

/**
 * Reads a list page by page until a short page. An entry that comes twice, because somebody
 * changed the list meanwhile, counts once.
 * @throws UnexpectedResponse when the pages never end or repeat themselves
 */
export async function readPages<T>(
  list: string,
  readPage: (query: string) => Promise<readonly T[]>,
  keyOf: (entry: T) => string,
): Promise<T[]> {
  const entries = new Map<string, T>();
  for (let page = 0, skip = 0; page < MOST_PAGES; page++) {
    const read = await readPage(`limit=${PAGE_SIZE}&skip=${skip}`);
    const before = entries.size;
    for (const entry of read) entries.set(keyOf(entry), entry);
    if (read.length < PAGE_SIZE) return [...entries.values()];
    if (entries.size === before) {
      throw new UnexpectedResponse(
        `JumpCloud gave the same page of ${list} again and again. Run again; if it stays so, report it to JumpCloud.`,
      );
    }
    skip += read.length;
  }
  throw new UnexpectedResponse(
    `The list of ${list} did not end after ${MOST_PAGES} pages of ${PAGE_SIZE}. Check api_url, region and proxy; if they are right, report it to JumpCloud.`,
  );
}
