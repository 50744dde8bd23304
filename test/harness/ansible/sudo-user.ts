import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = 'fleet-admin';
/** Above what Debian gives to people, below what systemd gives to services. */
const UID = 60_100;

/** A user who is not root, and whom sudo lets become root without a password. */
export interface SudoUser {
  readonly name: string;
  /** A folder of the user's. */
  readonly home: string;
  /** The words before a command for which this user exists; for nothing else on this machine. */
  readonly before: readonly string[];
}

/** Makes one, in a folder; needs root. Other users, and sudo's configuration, are this machine's. */
export async function makeSudoUser(directory: string): Promise<SudoUser> {
  const home = join(directory, 'home');
  await mkdir(home);
  await chown(home, UID, UID);
  const lines = {
    passwd: `${NAME}:x:${UID}:${UID}::${home}:/bin/sh`,
    shadow: `${NAME}:*:20000:0:99999:7:::`,
    sudoers: `${NAME} ALL=(ALL) NOPASSWD: ALL`,
  };
  const mounts: string[] = [];
  for (const [file, line] of Object.entries(lines)) {
    const text = await readFile(join('/etc', file), 'utf8');
    const mode = file === 'passwd' ? 0o644 : 0o440;
    await writeFile(join(directory, file), `${text.trimEnd()}\n${line}\n`, { mode });
    mounts.push(`mount --bind ${join(directory, file)} /etc/${file}`);
  }
  const script = `set -e; ${mounts.join('; ')}; exec "$@"`;
  return { name: NAME, home, before: ['unshare', '--mount', 'sh', '-c', script, 'sh'] };
}
