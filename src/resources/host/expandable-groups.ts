import { coerceList } from '../../options/coercions.ts';
import { toListOf } from '../../options/collections.ts';
import { isId, toObjectId } from '../../options/id.ts';
import { InvalidValue } from '../../options/invalid-value.ts';
import type { Option } from '../../options/option.ts';
import { toText } from '../../options/scalars.ts';

/**
 * The message for an entry that expands to nothing in an exclusive list. Without this error, a
 * missing fact would remove the host from a group.
 */
const EMPTY_ENTRY_MESSAGE =
  'an entry must not expand to nothing when the option exclusive contains groups';

/**
 * Returns the option for system groups, listed by id or name. Its value contains each id once. An
 * entry may refer to facts if the option `names` is given. An entry that expands to nothing is left
 * out, or is an error if the option `exclusive` contains `groups`.
 */
export function expandableGroups(): Option<string[] | undefined> {
  return {
    type: 'list',
    elements: 'str',
    isExpandable: true,
    read(value, { names, rawOptions, expansion }) {
      const toGroup = toObjectId('system_group', names);
      const isExclusive = coerceList(rawOptions.get('exclusive'))?.includes('groups');
      const groups = toListOf((entry) => {
        if (expansion === undefined) return toGroup(entry);
        const text = toText(entry);
        const hasUnreadFacts = expansion.hasUnreadFacts(text);
        if (hasUnreadFacts && names === undefined) {
          throw new InvalidValue(
            "a reference to a fact needs the option `names`, which turns the fact's value into an id",
          );
        }
        const expandedText = expansion.expand(text, isExclusive ? EMPTY_ENTRY_MESSAGE : undefined);
        if (hasUnreadFacts || (expandedText === '' && text !== '')) return expandedText;
        // Someone who may set a fact, such as a tag, must not choose arbitrary groups. So an id
        // that comes from a fact counts only if the option `names` lists it.
        const isFromFact = !text.includes(expandedText);
        if (isFromFact && isId(expandedText) && !names?.nameOf(expandedText.toLowerCase())) {
          throw new InvalidValue('a fact expands to the id of a group that is not listed in names');
        }
        return toGroup(expandedText);
      })(value);
      return [...new Set(groups)].filter((group) => group !== '');
    },
  };
}
