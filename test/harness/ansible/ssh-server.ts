import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isRoot } from '../is-root.ts';
import { makeSudoUser } from './sudo-user.ts';

/** The path of sshd on this machine. sshd must be started by its absolute path. */
const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'].find(existsSync);

/** Whether an SSH server is installed. Otherwise tests that need a server are skipped. */
export const hasSshServer = SSHD !== undefined;

/** An SSH server on loopback. It accepts one key, for one user. */
export interface SshServer {
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** The contents of a known_hosts file. */
  readonly knownHosts: string;
  /** A directory for Ansible's temporary files; other users can traverse it. */
  readonly remoteTemp: string;
  close(): Promise<void>;
}

/**
 * Options for a server. By default, the server runs commands on this machine, as the user who runs
 * the tests.
 */
export interface SshServerOptions {
  /** The root directory of all commands. It makes the server appear as another machine. */
  readonly root?: string;
  /**
   * Whether the login user is a new user, who is not root but can use sudo. If a password is given,
   * sudo asks for it.
   */
  readonly sudo?: true | { readonly password: string };
}

/** Starts a server with new keys, a new configuration and a free port. */
export async function startSshServer({ root, sudo }: SshServerOptions = {}): Promise<SshServer> {
  if (SSHD === undefined) throw new Error('sshd is not installed');
  const directory = await mkdtemp(join(tmpdir(), 'sshd-'));
  const file = (name: string) => join(directory, name);
  for (const name of ['host-key', 'user-key']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file(name)]);
  }
  const user = sudo && (await makeSudoUser(directory, sudo === true ? undefined : sudo.password));
  const home = user?.home ?? file('home');
  const remoteTemp = join(home, 'remote');
  if (user === undefined) await mkdir(remoteTemp, { recursive: true, mode: 0o711 });
  const port = await freePort();
  const configuration = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${file('host-key')}`,
    `AuthorizedKeysFile ${file('user-key.pub')}`,
    'PidFile none',
    'AuthenticationMethods publickey',
    'PermitRootLogin prohibit-password',
    // With StrictModes, sshd refuses keys below a directory where everyone may write, such as /tmp.
    'StrictModes no',
    'UsePAM no',
    // PATH contains the Node.js of the tests. HOME is a new directory, because a bash that sshd
    // starts reads start-up files in HOME.
    `SetEnv PATH=${process.env['PATH']} HOME=${home}`,
    'MaxStartups 50',
    'MaxSessions 50',
    'Subsystem sftp internal-sftp',
    ...(root === undefined ? [] : [`ForceCommand ${chrootCommand(root)}`]),
  ];
  await writeFile(file('config'), configuration.join('\n'));
  // As root, sshd requires this directory for its unprivileged process. Usually a boot creates it.
  if (isRoot) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const [program = '', ...words] = [
    ...(root === undefined ? (user?.before ?? []) : withProc(root)),
    SSHD,
    '-D',
    '-e',
    '-f',
    file('config'),
  ];
  const server = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  await waitUntilListening(server);
  const hostKey = (await readFile(file('host-key.pub'), 'utf8')).trim();
  execFileSync('chmod', ['711', directory]);
  return {
    port,
    user: user?.name ?? userInfo().username,
    privateKey: await readFile(file('user-key'), 'utf8'),
    knownHosts: `[127.0.0.1]:${port} ${hostKey}\n`,
    remoteTemp,
    async close() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      if (server.kill()) await ended;
      await rm(directory, { recursive: true });
    },
  };
}

/**
 * Returns a command that changes the root directory. sshd's ChrootDirectory cannot be used: it
 * refuses a path below a world-writable directory.
 */
function chrootCommand(root: string): string {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const run = `chroot ${root} env -i HOME=/root PATH=${path} /bin/sh -c "$SSH_ORIGINAL_COMMAND"`;
  return `cd / && exec ${run}`;
}

/**
 * Returns the words to put before a command. They make /proc of this machine visible below `root`.
 */
function withProc(root: string): string[] {
  return ['unshare', '--mount', 'sh', '-c', `mount --bind /proc ${root}/proc; exec "$@"`, 'sh'];
}

function waitUntilListening(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    server.stderr?.on('data', (chunk) => {
      output += chunk;
      if (output.includes('Server listening')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`sshd did not start: ${output}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
