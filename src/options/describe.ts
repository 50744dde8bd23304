import { isRounded } from './spellings.ts';

const LONGEST_QUOTE = 60;

/** A value as it is named to the person who gave it. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (isRounded(value)) return 'a number that JSON cannot hold exactly; put it in quotes';
  if (typeof value !== 'string') return `the ${typeof value} ${value}`;
  return `the text ${JSON.stringify(shorten(value))}`;
}

/** A text of somebody's as it is quoted to them: not more than so many characters of it. */
export function shorten(text: string, most = LONGEST_QUOTE): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most).join('')}…` : text;
}
