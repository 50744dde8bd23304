import { UnexpectedResponse } from '../errors.ts';

/** The most that JumpCloud gives at once; its default is 10. */
const PAGE_SIZE = 100;
/** Which part of a list is asked for. */
export interface Page {
  readonly limit: number;
  readonly skip: number;
}

/** Far beyond any real list; an API that goes on for longer is broken. */
const MOST_PAGES = 1000;
/** How often a list is read from its beginning because it changed meanwhile. */
const MOST_RESTARTS = 5;

/**
 * Reads a list page by page until a short page. Each page begins with the last entry of the one before:
 * where it does not, somebody has changed the list meanwhile, entries may have slipped through between
 * the pages, and it is read from its beginning again.
 * @throws UnexpectedResponse when the pages never end, repeat themselves or never fit
 */
export async function readPages<T>(
  list: string,
  readPage: (page: Page) => Promise<readonly T[]>,
  keyOf: (entry: T) => string,
): Promise<T[]> {
  for (let restarts = 0; restarts <= MOST_RESTARTS; restarts++) {
    const entries = await readOnce(list, readPage, keyOf);
    if (entries !== undefined) return entries;
  }
  throw new UnexpectedResponse(
    `The list of ${list} changed ${MOST_RESTARTS + 1} times while it was read. Run again when nobody changes it so often.`,
  );
}

/** Undefined when two pages do not fit. */
async function readOnce<T>(
  list: string,
  readPage: (page: Page) => Promise<readonly T[]>,
  keyOf: (entry: T) => string,
): Promise<T[] | undefined> {
  const entries = new Map<string, T>();
  let before: readonly T[] = [];
  for (let page = 0, skip = 0; page < MOST_PAGES; page++) {
    const read = await readPage({ limit: PAGE_SIZE, skip });
    // A page longer than was asked for does not overlap with the next.
    const [first, last] = [read[0], before.length > PAGE_SIZE ? undefined : before.at(-1)];
    if (last !== undefined && (first === undefined || keyOf(first) !== keyOf(last))) {
      if (first !== undefined && before[0] !== undefined && keyOf(first) === keyOf(before[0])) {
        throw new UnexpectedResponse(
          `JumpCloud gave the same page of ${list} again and again. Run again; if it stays so, report it to JumpCloud.`,
        );
      }
      return undefined;
    }
    for (const entry of read) entries.set(keyOf(entry), entry);
    if (read.length < PAGE_SIZE) return [...entries.values()];
    before = read;
    skip += read.length > PAGE_SIZE ? read.length : read.length - 1;
  }
  throw new UnexpectedResponse(
    `The list of ${list} did not end after ${MOST_PAGES} pages of ${PAGE_SIZE}. Check api_url, region and proxy; if they are right, report it to JumpCloud.`,
  );
}
