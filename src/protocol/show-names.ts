import type { NameLookup } from '../options/names.ts';
import { mapStrings } from './map-strings.ts';
import type { Result } from './result.ts';

const ID = /\b[0-9a-f]{24}\b/g;

/**
 * Adds known names to a result. Writes `name (id)` in sentences and diffs. Adds the field `names`,
 * which maps ids to names. Does not change text that is quoted from JumpCloud.
 */
export function showNames(result: Result, names: NameLookup): Result {
  const addNames = (text: string) =>
    text.replace(ID, (id) => {
      const name = names.nameOf(id);
      return name === undefined ? id : `${name} (${id})`;
    });
  const { msg, diff, warnings, forPeople } = result;
  const error = Object(result['error']);
  const quoted = `"${error.jumpcloud_message}"`;
  const addUnquoted = (text: string) => text.split(quoted).map(addNames).join(quoted);
  return {
    ...result,
    ...(typeof msg === 'string' && { msg: addUnquoted(msg) }),
    ...(forPeople !== undefined && { forPeople: mapStrings(forPeople, addUnquoted) }),
    ...(diff !== undefined && { diff: mapStrings(diff, addNames) }),
    ...(Array.isArray(warnings) && { warnings: warnings.map(addNames) }),
    ...(error.problems && { error: { ...error, problems: mapStrings(error.problems, addNames) } }),
    names: collectNames(result, names),
  };
}

/** Returns the names of all ids in a result. */
function collectNames(result: Result, names: NameLookup): Record<string, string> {
  const ids = new Set(JSON.stringify(result).match(ID) ?? []);
  return Object.fromEntries(
    [...ids].flatMap((id) => {
      const name = names.nameOf(id);
      return name === undefined ? [] : [[id, name]];
    }),
  );
}
