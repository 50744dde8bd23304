import type { Caller } from './caller.ts';
import { ansibleCallers } from './callers/ansible-ways.ts';
import { packer } from './callers/packer.ts';
import { puppet } from './callers/puppet.ts';
import { commandSubstitution, cron, pipe, terminal } from './callers/shell.ts';
import { ssh } from './callers/ssh.ts';
import { systemd } from './callers/systemd.ts';

/** The columns of the table. To add a column, add an entry here. */
export const CALLERS: readonly Caller[] = [
  ...ansibleCallers,
  ssh,
  systemd,
  cron,
  terminal,
  commandSubstitution,
  pipe,
  packer,
  puppet,
];
