import * as z from 'zod/mini';
import { type Option, reader } from './option.ts';
import { toApiUrl, toProxyUrl } from './urls.ts';
import {
  toBoolean,
  toChoice,
  toId,
  toList,
  toPath,
  toPemBundle,
  toSeconds,
  toText,
} from './values.ts';

/** Text. */
export function text(): Option<string | undefined> {
  return { type: 'str', schema: reader(toText) };
}

/** A switch, in Ansible's spellings. */
export function boolean(): Option<boolean | undefined> {
  return { type: 'bool', schema: reader(toBoolean) };
}

/** One of some words. */
export function choice<const T extends string>(...choices: T[]): Option<T | undefined> {
  return { type: 'str', choices, schema: reader(toChoice(choices)) };
}

/** Seconds, with fractions; zero is allowed unless `aboveZero`. */
export function seconds(aboveZero?: 'above zero'): Option<number | undefined> {
  return { type: 'float', schema: reader((value) => toSeconds(value, aboveZero !== undefined)) };
}

/** A path; `~` and environment variables in it are replaced, as Ansible does. */
export function path(): Option<string | undefined> {
  return { type: 'path', schema: reader(toPath) };
}

/** The path of a PEM bundle, which is read to see that it is one. */
export function pemBundle(): Option<string | undefined> {
  return { type: 'path', schema: reader(toPemBundle) };
}

/** The base of an API: https, or http on this host. */
export function apiUrl(): Option<string | undefined> {
  return { type: 'str', secret: true, schema: reader(toApiUrl) };
}

/** A proxy's URL, credentials allowed. */
export function proxyUrl(): Option<string | undefined> {
  return { type: 'str', secret: true, schema: reader(toProxyUrl) };
}

/** The id of a JumpCloud object. */
export function id(): Option<string | undefined> {
  return { type: 'str', schema: reader(toId) };
}

/** The id of a JumpCloud object, or empty text for none. */
export function idOrNone(): Option<string | undefined> {
  return { type: 'str', schema: reader((value) => (value === '' ? '' : toId(value))) };
}

/** Ids of JumpCloud objects; one that is given twice counts once. */
export function ids(): Option<string[] | undefined> {
  const schema = z.pipe(reader(toList), z.pipe(z.array(reader(toId)), z.transform(unique)));
  return { type: 'list', elements: 'str', schema };
}

/** Words out of some, each once. */
export function choices<const T extends string>(...accepted: T[]): Option<T[] | undefined> {
  const items = z.array(reader(toChoice(accepted)));
  const schema = z.pipe(reader(toList), z.pipe(items, z.transform(unique)));
  return { type: 'list', elements: 'str', choices: accepted, schema };
}

function unique<T>(items: T[]): T[] {
  return [...new Set(items)];
}
