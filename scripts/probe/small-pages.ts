import type { Client } from './client.ts';
import { type EdgeList, readPage } from './host-actions.ts';
import { UnansweredQuestion } from './unanswered-question.ts';

/**
 * The page size. It is small, so that other pages follow the page with a deleted entry even in a
 * short list.
 */
const PAGE_SIZE = 2;
const MAX_PAGES = 15;
/** A list that was read in small pages. */
export interface SmallPages {
  readonly ids: readonly string[];
  /** The number of entries that are in the total but on no page. */
  readonly dropped: number;
  /**
   * The number of entries that short pages lack. A short page at the end of the list lacks none.
   */
  readonly missing: number;
}

/** Reads a list page by page. Ends at an empty page once the total is reached. */
export async function readSmallPages(client: Client, list: EdgeList): Promise<SmallPages> {
  const ids: string[] = [];
  let missing = 0;
  let last = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const skip = page * PAGE_SIZE;
    const { ids: found, total } = await readPage(client, list, PAGE_SIZE, skip);
    const isPastTotal = total === undefined || total <= skip;
    if (isPastTotal && found.length === 0) {
      return {
        ids,
        dropped: total === undefined ? 0 : total - ids.length,
        missing: missing - last,
      };
    }
    // Without a total, the last page with entries is the end of the list and may be short.
    last = total === undefined ? PAGE_SIZE - found.length : 0;
    missing += Math.max(0, Math.min(PAGE_SIZE, (total ?? Infinity) - skip) - found.length);
    ids.push(...found);
  }
  throw new UnansweredQuestion('this host has too many edges');
}
