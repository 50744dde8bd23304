import { FactUnavailable } from '../../base/errors.ts';
import { coerceList } from '../../options/coercions.ts';
import { toListOf } from '../../options/collections.ts';
import { idOrName } from '../../options/id.ts';
import { InvalidValue } from '../../options/invalid-value.ts';
import type { Option } from '../../options/option.ts';
import { toText } from '../../options/scalars.ts';

/**
 * System groups by id or name, as ids, each once. With `names`, references to facts in an entry are
 * expanded; an entry that expands to nothing is left out.
 */
export function expandableGroups(): Option<string[] | undefined> {
  return {
    type: 'list',
    elements: 'str',
    read(value, { names, given, expansion }) {
      const toGroup = idOrName('system_group', names);
      const groups = toListOf((entry) => {
        const text = toText(entry);
        if (expansion === undefined) return toGroup(entry);
        if (names === undefined && expansion.isPending(text)) {
          throw new InvalidValue(
            'a reference to a fact needs names, which turns its value into an id',
          );
        }
        const expanded = expansion.expand(text).trim();
        if (expansion.isPending(text)) return text;
        if (expanded === '' && text !== '') return '';
        return toGroup(expanded);
      })(value);
      if (groups.includes('') && coerceList(given.get('exclusive'))?.includes('groups')) {
        throw new FactUnavailable(
          'An entry of groups expands to nothing, and groups is exclusive. Give a default that names a group: a missing fact must not remove this host from its groups.',
        );
      }
      return [...new Set(groups)].filter((group) => group !== '');
    },
  };
}
