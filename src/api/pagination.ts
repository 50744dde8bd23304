import { UnexpectedResponse } from '../base/errors.ts';

/** The number of entries to request for each page. JumpCloud allows no more. */
const PAGE_SIZE = 100;
/** A page with fewer entries than this is sparse: JumpCloud dropped most of its entries. */
const SPARSE_PAGE_THRESHOLD = PAGE_SIZE / 2;
/**
 * The maximum number of pages of a list. Real lists are far shorter, so an API with more pages is
 * broken.
 */
const MAX_PAGES = 1000;
const MAX_ENTRIES = MAX_PAGES * PAGE_SIZE;
/** The maximum number of times that a changed list is read again from its start. */
const MAX_RESTARTS = 5;

/**
 * The maximum overlap of two pages, in entries. A page overlaps the next page only if it has at
 * least SPARSE_PAGE_THRESHOLD entries. Because this is more than the overlap, each page starts at a
 * later position than the previous page.
 */
const MAX_OVERLAP = SPARSE_PAGE_THRESHOLD / 2;

/** The part of a list that a request asks for. */
export interface PageRequest {
  readonly limit: number;
  readonly skip: number;
}

/**
 * The entries of one page. `total` is the number of entries of the whole list, if the answer
 * contains it.
 */
export interface Page<T> {
  readonly entries: readonly T[];
  readonly total: number | undefined;
}

/** A list that is read page by page. */
export interface PagedList<T> {
  /** The name of the list. In messages, it completes "the list of …". */
  readonly name: string;
  readonly readPage: (request: PageRequest) => Promise<Page<T>>;
  readonly keyOf: (entry: T) => string;
  /**
   * The reaction when the list changes between two pages:
   * - `restart` reads the list again from its start.
   * - `step back` reads the previous page again. From then on, pages overlap twice as much, so that
   *   more deletions between two pages are harmless. This suits long lists that are sorted by id
   *   and change constantly.
   */
  readonly onChange: 'restart' | 'step back';
}

/**
 * Returns all entries of a list, without duplicate keys.
 *
 * JumpCloud counts entries whose object no longer exists, but drops them from the page. Any page
 * may therefore be short, and only the total shows where the list ends. Without a total, a short
 * page ends the list.
 *
 * The total does not change if one entry is added and another one is removed. To detect such a
 * change, each page overlaps the previous page by at least one entry. If a page does not start with
 * one of the last entries of the previous page, entries have moved, and some may be on neither
 * page. After a sparse page, from which most entries were dropped, the next page does not overlap.
 * With an overlap, the next page could start only as many positions later as the sparse page has
 * entries, and the list would need many more requests.
 *
 * @throws UnexpectedResponse when the list is too long, repeats a page or changes too often
 */
export async function readPages<T>(list: PagedList<T>): Promise<T[]> {
  const entries = new Map<string, T>();
  let previousPage: PageSummary | undefined;
  let skip = 0;
  let restarts = 0;
  let overlap = 1;
  for (let count = 0; count < MAX_PAGES; count++) {
    const { entries: found, total = previousPage?.total } = await list.readPage({
      limit: PAGE_SIZE,
      skip,
    });
    if (total !== undefined && total > MAX_ENTRIES) {
      throw tooLongListError(
        list.name,
        `has ${total} entries, more than the maximum of ${MAX_ENTRIES}`,
      );
    }
    const page: PageSummary = { skip, total, keys: found.map(list.keyOf) };
    if (previousPage !== undefined && !isContinuous(page, previousPage, list, entries)) {
      if (list.onChange === 'step back') {
        skip = Math.max(skip - (PAGE_SIZE - 1), 0);
        overlap = Math.min(2 * overlap, MAX_OVERLAP);
        continue;
      }
      if (++restarts > MAX_RESTARTS) throw changingListError(list.name);
      entries.clear();
      previousPage = undefined;
      skip = 0;
      continue;
    }
    for (const entry of found) entries.set(list.keyOf(entry), entry);
    if (isLastPage(page)) return [...entries.values()];
    previousPage = page;
    skip += computeStep(page, overlap);
  }
  throw tooLongListError(list.name, `did not end after ${MAX_PAGES} pages of ${PAGE_SIZE}`);
}

/** The parts of a page that are compared with the next page. */
interface PageSummary {
  readonly skip: number;
  readonly total: number | undefined;
  readonly keys: readonly string[];
}

/** Returns the number of positions from the start of a page to the start of the next page. */
function computeStep({ keys: { length } }: PageSummary, overlap: number): number {
  if (length < SPARSE_PAGE_THRESHOLD) return PAGE_SIZE;
  // A page can be longer than requested. It then covers at least as many positions as it has
  // entries.
  return length > PAGE_SIZE ? length : length - overlap;
}

/** Returns whether a page continues the previous page without a gap that may hide entries. */
function isContinuous<T>(
  page: PageSummary,
  previousPage: PageSummary,
  { name, onChange }: PagedList<T>,
  knownEntries: ReadonlyMap<string, T>,
): boolean {
  const [first] = page.keys;
  const { length } = previousPage.keys;
  if (page.skip > previousPage.skip && length > 0 && first === previousPage.keys[0])
    throw repeatedPageError(name);
  const hasOverlap = length >= SPARSE_PAGE_THRESHOLD && length <= PAGE_SIZE;
  if (onChange === 'step back') {
    return page.skip === 0 || !hasOverlap || (first !== undefined && knownEntries.has(first));
  }
  if (previousPage.total !== undefined && page.total !== previousPage.total) return false;
  const droppedCount = PAGE_SIZE - length;
  const sharedKeys = previousPage.keys.slice(Math.max(length - 1 - droppedCount, 0));
  return !hasOverlap || (first !== undefined && sharedKeys.includes(first));
}

/**
 * Returns whether a page is the last one of the list. Ignores a total that is lower than the number
 * of entries read.
 */
function isLastPage({ skip, total = 0, keys: { length } }: PageSummary): boolean {
  return length < PAGE_SIZE ? skip + PAGE_SIZE >= total : skip + length === total;
}

function repeatedPageError(list: string): UnexpectedResponse {
  return new UnexpectedResponse([
    `JumpCloud returned the same page of ${list} twice.`,
    'Run again. If this error remains, report it to JumpCloud.',
  ]);
}

function changingListError(list: string): UnexpectedResponse {
  return new UnexpectedResponse([
    `The list of ${list} changed ${MAX_RESTARTS + 1} times while it was read.`,
    'Run again when the list changes less often.',
  ]);
}

function tooLongListError(list: string, reason: string): UnexpectedResponse {
  return new UnexpectedResponse([
    `The list of ${list} ${reason}.`,
    'Check api_url, region and proxy. If they are right, report this error to JumpCloud.',
  ]);
}
