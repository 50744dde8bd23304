import { coerceList } from '../../options/coercions.ts';
import { toListOf } from '../../options/collections.ts';
import { isId, toObjectId } from '../../options/id.ts';
import { InvalidValue } from '../../options/invalid-value.ts';
import type { Option } from '../../options/option.ts';
import { toText } from '../../options/scalars.ts';

/**
 * The message for an entry of an exclusive list that expands to nothing. A missing fact must not
 * remove a host from its groups.
 */
const EMPTY_ENTRY_MESSAGE = 'an entry must not expand to nothing when groups is exclusive';

/**
 * Returns the option for system groups, listed by id or name. Its value contains each id once. With
 * `names`, references to facts in an entry are expanded. An entry that expands to nothing is left
 * out, unless groups is exclusive.
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
        const isPending = expansion.isPending(text);
        if (isPending && names === undefined) {
          throw new InvalidValue(
            'a reference to a fact needs the option `names`, which turns its value into an id',
          );
        }
        const expandedText = expansion.expand(text, isExclusive ? EMPTY_ENTRY_MESSAGE : undefined);
        if (isPending || (expandedText === '' && text !== '')) return expandedText;
        // A fact such as a tag may be set by people who must not choose arbitrary groups, so a fact
        // may only select groups that `names` lists.
        const isFromFact = !text.includes(expandedText);
        if (isFromFact && isId(expandedText) && !names?.nameOf(expandedText.toLowerCase())) {
          throw new InvalidValue('a fact expands to the id of a group that names does not list');
        }
        return toGroup(expandedText);
      })(value);
      return [...new Set(groups)].filter((group) => group !== '');
    },
  };
}
