import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { makeSudoUser } from './sudo-user.ts';

/** Where this machine has an SSH server; it must be started by its whole path. */
const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'].find(existsSync);

/** Whether there is an SSH server; the tests that need it are left out otherwise. */
export const hasSshServer = SSHD !== undefined;

/** An SSH server on loopback that lets in whoever has its key, as one user. */
export interface SshServer {
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** The lines of a known_hosts file. */
  readonly knownHosts: string;
  /** A folder for what Ansible puts on the host; users other than its owner can pass. */
  readonly remoteTemp: string;
  close(): Promise<void>;
}

/** What is unlike the plain server of this machine, which lets in the user who runs the tests. */
export interface SshServerOptions {
  /** A folder in which commands run, as if it were a machine of its own. */
  readonly root?: string;
  /** Lets in a user who is not root, whom sudo lets become root. */
  readonly sudo?: true;
}

/** Starts one with keys, configuration and port of its own. */
export async function startSshServer({ root, sudo }: SshServerOptions = {}): Promise<SshServer> {
  if (SSHD === undefined) throw new Error('there is no sshd');
  const directory = await mkdtemp(join(tmpdir(), 'sshd-'));
  const file = (name: string) => join(directory, name);
  for (const name of ['host-key', 'user-key']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file(name)]);
  }
  const user = sudo && (await makeSudoUser(directory));
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
    // The keys lie below the folder for temporary files, where everybody may write.
    'StrictModes no',
    'UsePAM no',
    // Where Node.js is, as it is for the tests; and no start-up files of a person's shell, which bash reads
    // under sshd.
    `SetEnv PATH=${process.env['PATH']} HOME=${home}`,
    'MaxStartups 50',
    'MaxSessions 50',
    'Subsystem sftp internal-sftp',
    ...(root === undefined ? [] : [`ForceCommand ${insideOf(root)}`]),
  ];
  await writeFile(file('config'), configuration.join('\n'));
  // Where sshd, when it is root, wants to put its unprivileged part; packages leave it to the boot.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const [program = '', ...words] = [
    ...(user?.before ?? []),
    SSHD,
    '-D',
    '-e',
    '-f',
    file('config'),
  ];
  const server = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  await listening(server);
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

/** sshd's own ChrootDirectory takes no folder below one where everybody may write. */
function insideOf(root: string): string {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const run = `chroot ${root} env -i HOME=/root PATH=${path} /bin/sh -c "$SSH_ORIGINAL_COMMAND"`;
  return `cd / && exec ${run}`;
}

function listening(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr?.on('data', (chunk) => {
      said += chunk;
      if (said.includes('Server listening')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`sshd did not start: ${said}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
