import type { Problem } from '../../errors.ts';
import { choice } from '../../options/choice.ts';
import { withDefault } from '../../options/option.ts';
import { boolean } from '../../options/scalars.ts';
import type { EdgesWish, SudoWish } from './plan-edges.ts';

/** The options of every module that keeps a set of edges. */
export const edgesOptions = {
  state: withDefault(choice('present', 'absent'), 'present'),
  exclusive: withDefault(boolean(), false),
};

/** What was asked of a set of edges as a whole. */
export interface EdgesOptions {
  readonly state: EdgesWish['state'];
  readonly exclusive: boolean;
}

/** What these options must not say together. */
export function edgesRules({ state, exclusive }: EdgesOptions): Problem[] {
  if (state === 'present' || !exclusive) return [];
  return [{ option: 'exclusive', message: 'cannot be used with state: absent' }];
}

/** What a wish about sudo must not say, of `option`. */
export function sudoRules(option: string, state: EdgesWish['state'], wish: SudoWish): Problem[] {
  const { sudo, sudo_without_password } = wish;
  if (state === 'absent') {
    return [
      ...(sudo === undefined ? [] : ['sudo']),
      ...(sudo_without_password === undefined ? [] : ['sudo_without_password']),
    ].map((name) => ({ option, message: `${name} cannot be used with state: absent` }));
  }
  if (!sudo_without_password || sudo) return [];
  return [{ option, message: 'sudo_without_password: true needs sudo: true beside it' }];
}
