import { UnexpectedResponse } from '../base/errors.ts';

/** The most entries that JumpCloud gives at once; its default is 10. */
const PAGE_SIZE = 100;
/** A page of fewer entries was mostly dropped. */
const SPARSE = PAGE_SIZE / 2;
/** Far beyond any real list: an API that gives more is broken. */
const MAX_PAGES = 1000;
const MAX_ENTRIES = MAX_PAGES * PAGE_SIZE;
/** How often a list that changes is read from its beginning again. */
const MAX_RESTARTS = 5;

/** The part of a list that a request asks for. */
export interface PageRequest {
  readonly limit: number;
  readonly skip: number;
}

/** The entries that came, and the number of all entries if the answer has it. */
export interface Page<T> {
  readonly entries: readonly T[];
  readonly total: number | undefined;
}

/** How a list is read page by page. */
export interface PagedList<T> {
  /** As in "the list of …". */
  readonly name: string;
  readonly readPage: (request: PageRequest) => Promise<Page<T>>;
  readonly keyOf: (entry: T) => string;
  /**
   * What follows when the list has changed between two pages. A list that steps back is sorted by
   * id, and may be long and change all the time.
   */
  readonly onChange: 'restart' | 'step back';
}

/**
 * Returns all entries of a list, each key once.
 *
 * JumpCloud counts entries whose object no longer exists, and drops them after it has cut the page.
 * So any page may come back short, and only the total shows where the list ends; without a total a
 * short page ends it.
 *
 * A total does not show that one entry was added and another removed. So pages overlap with a total
 * too: a page of n entries is followed by the one that begins n - 1 positions later. At most all but
 * one of the positions that both cover were dropped, so the second page begins with one of the last
 * entries of the first. If it does not, entries have moved, and some may be on neither page. A full
 * page overlaps by one entry. A page that was mostly dropped is followed without an overlap, which
 * would multiply the requests.
 *
 * @throws UnexpectedResponse when the list is too long, repeats a page or changes too often
 */
export async function readPages<T>(list: PagedList<T>): Promise<T[]> {
  const entries = new Map<string, T>();
  let before: ReadPage | undefined;
  let skip = 0;
  let restarts = 0;
  for (let count = 0; count < MAX_PAGES; count++) {
    const { entries: found, total = before?.total } = await list.readPage({
      limit: PAGE_SIZE,
      skip,
    });
    if (total !== undefined && total > MAX_ENTRIES) {
      throw tooLongError(
        list.name,
        `has ${total} entries, more than the ${MAX_ENTRIES} that are read`,
      );
    }
    const page: ReadPage = { skip, total, keys: found.map(list.keyOf) };
    if (before !== undefined && !follows(page, before, list, entries)) {
      if (list.onChange === 'step back') {
        skip = Math.max(skip - (PAGE_SIZE - 1), 0);
        continue;
      }
      if (++restarts > MAX_RESTARTS) throw changingListError(list.name);
      entries.clear();
      before = undefined;
      skip = 0;
      continue;
    }
    for (const entry of found) entries.set(list.keyOf(entry), entry);
    if (isLast(page)) return [...entries.values()];
    before = page;
    skip += stepAfter(page);
  }
  throw tooLongError(list.name, `did not end after ${MAX_PAGES} pages of ${PAGE_SIZE}`);
}

/** A page as far as the next one is judged by it. */
interface ReadPage {
  readonly skip: number;
  readonly total: number | undefined;
  readonly keys: readonly string[];
}

/** Returns how many positions later the next page begins. */
function stepAfter({ keys: { length } }: ReadPage): number {
  if (length < SPARSE) return PAGE_SIZE;
  // A page longer than asked for covers at least as many positions as it has entries.
  return length > PAGE_SIZE ? length : length - 1;
}

/** Returns whether no entry can have slipped through between a page and the one before. */
function follows<T>(
  page: ReadPage,
  before: ReadPage,
  { name, onChange }: PagedList<T>,
  known: ReadonlyMap<string, T>,
): boolean {
  const [first] = page.keys;
  const { length } = before.keys;
  if (page.skip > before.skip && length > 0 && first === before.keys[0])
    throw repeatedPageError(name);
  const overlaps = length >= SPARSE && length <= PAGE_SIZE;
  if (onChange === 'step back') {
    return page.skip === 0 || !overlaps || (first !== undefined && known.has(first));
  }
  if (before.total !== undefined && page.total !== before.total) return false;
  const dropped = PAGE_SIZE - length;
  const shared = before.keys.slice(Math.max(length - 1 - dropped, 0));
  return !overlaps || (first !== undefined && shared.includes(first));
}

/** A total that is smaller than what came says nothing. */
function isLast({ skip, total = 0, keys: { length } }: ReadPage): boolean {
  return length < PAGE_SIZE ? skip + PAGE_SIZE >= total : skip + length === total;
}

function repeatedPageError(list: string): UnexpectedResponse {
  return new UnexpectedResponse(
    `JumpCloud gave the same page of ${list} again and again. Run again; if it stays so, report it to JumpCloud.`,
  );
}

function changingListError(list: string): UnexpectedResponse {
  return new UnexpectedResponse(
    `The list of ${list} changed ${MAX_RESTARTS + 1} times while it was read. Run again when it changes less often.`,
  );
}

function tooLongError(list: string, what: string): UnexpectedResponse {
  return new UnexpectedResponse(
    `The list of ${list} ${what}. Check api_url, region and proxy; if they are right, report it to JumpCloud.`,
  );
}
