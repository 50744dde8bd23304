import { execFileSync } from 'node:child_process';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = 'fleet-admin';
/** A user id above Debian's range for people and below systemd's range for services. */
const UID = 60_100;

/** A user who is not root, but can become root with sudo. */
export interface SudoUser {
  readonly name: string;
  /** The user's home directory. */
  readonly home: string;
  /** The words to put before a command. The user exists for that command only. */
  readonly before: readonly string[];
}

/**
 * Makes a sudo user. `directory` gets the home directory, and copies of passwd, shadow and sudoers
 * that contain the user. If a password is given, sudo asks for it. Requires root.
 */
export async function makeSudoUser(directory: string, password?: string): Promise<SudoUser> {
  const home = join(directory, 'home');
  await mkdir(home);
  await chown(home, UID, UID);
  const lines = {
    passwd: `${NAME}:x:${UID}:${UID}::${home}:/bin/sh`,
    shadow: `${NAME}:${password === undefined ? '*' : hash(password)}:20000:0:99999:7:::`,
    sudoers: `Defaults:${NAME} timestamp_timeout=0\n${NAME} ALL=(ALL) ${password === undefined ? 'NOPASSWD: ' : ''}ALL`,
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

function hash(password: string): string {
  const words = ['passwd', '-6', '-stdin'];
  return execFileSync('openssl', words, { input: password, encoding: 'utf8' }).trim();
}
