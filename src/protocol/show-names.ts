import type { NameLookup } from '../options/names.ts';
import { mapStrings } from './map-strings.ts';
import type { Result } from './result.ts';

const ID = /\b[0-9a-f]{24}\b/g;

/**
 * Returns a result in which the names that are known stand beside ids: in sentences and diffs as
 * `name (id)`; lists of ids stay lists of ids, and `names` says what they are. The words of JumpCloud
 * stay as they are.
 */
export function showNames(result: Result, names: NameLookup): Result {
  const inText = (text: string) =>
    text.replace(ID, (id) => {
      const name = names.nameOf(id);
      return name === undefined ? id : `${name} (${id})`;
    });
  const { msg, diff, warnings } = result;
  const error = Object(result['error']);
  const said = `"${error.jumpcloud_message}"`;
  return {
    ...result,
    ...(typeof msg === 'string' && { msg: msg.split(said).map(inText).join(said) }),
    ...(diff !== undefined && { diff: mapStrings(diff, inText) }),
    ...(Array.isArray(warnings) && { warnings: warnings.map(inText) }),
    ...(error.problems && { error: { ...error, problems: mapStrings(error.problems, inText) } }),
    names: namesIn(result, names),
  };
}

/** The names of the ids that a result speaks of. */
function namesIn(result: Result, names: NameLookup): Record<string, string> {
  const ids = new Set(JSON.stringify(result).match(ID) ?? []);
  return Object.fromEntries(
    [...ids].flatMap((id) => {
      const name = names.nameOf(id);
      return name === undefined ? [] : [[id, name]];
    }),
  );
}
