import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Emulator } from '../../emulator/emulator.ts';
import type { TlsIdentity } from '../../emulator/keys.ts';

/** A server that sends a kickstart script for a connect key, as JumpCloud does. */
export interface KickstartServer {
  readonly url: string;
  /** The connect keys that clients sent, in order. */
  readonly receivedKeys: (string | undefined)[];
  /** The headers of all requests, in order. */
  readonly receivedHeaders: IncomingHttpHeaders[];
  /** The script to send from now on, instead of the one that installs an agent. */
  script: string | undefined;
  /** If set, the server sends these bytes as its whole answer and closes the connection. */
  raw: string | Buffer | undefined;
  /** Returns a script that installs an agent enrolled in the emulator. */
  makeInstallScript(): Promise<string>;
  close(): Promise<void>;
}

interface KickstartOptions {
  readonly emulator: Emulator;
  /** The directory of the agent, as the script's shell sees it. */
  readonly agentDir: string;
  readonly connectKey: string;
  /** The seconds from the end of the script until the agent is registered. */
  readonly delay?: number;
  /** The certificate for https; without it, http is used. */
  readonly tls?: TlsIdentity;
}

/**
 * Starts a server that accepts a connect key. The server's script installs an agent enrolled in the
 * emulator.
 */
export async function startKickstartServer(agent: KickstartOptions): Promise<KickstartServer> {
  const receivedKeys: (string | undefined)[] = [];
  const receivedHeaders: IncomingHttpHeaders[] = [];
  const listener: RequestListener = async ({ headers }, response) => {
    receivedHeaders.push(headers);
    const key = headers['x-connect-key']?.toString();
    receivedKeys.push(key);
    if (key !== agent.connectKey) {
      response.writeHead(401).end('Unauthorized\n');
      return;
    }
    if (kickstart.raw !== undefined) {
      const { socket } = response;
      socket?.write(kickstart.raw, () => socket.destroy());
      return;
    }
    // Like JumpCloud's script, this one contains the connect key.
    response.end(kickstart.script ?? (await makeInstallScript(agent)));
  };
  const { tls } = agent;
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const kickstart: KickstartServer = {
    url: `${tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${address.port}/Kickstart`,
    receivedKeys,
    receivedHeaders,
    script: undefined,
    raw: undefined,
    makeInstallScript: () => makeInstallScript(agent),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return kickstart;
}

async function makeInstallScript({
  emulator,
  agentDir,
  connectKey,
  delay = 0,
}: KickstartOptions): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'enrolled-'));
  await emulator.enrol({ agentDir: directory });
  const files = await Promise.all(
    (await readdir(directory)).map(async (name) => {
      const content = (await readFile(join(directory, name))).toString('base64');
      return `  echo ${content} | base64 -d >'${agentDir}/${name}'`;
    }),
  );
  await rm(directory, { recursive: true });
  // jcagent.conf is last, because it marks the agent as registered.
  const [conf = '', ...others] = files.sort((a) => (a.includes('jcagent.conf') ? -1 : 1));
  return [
    '#!/bin/bash',
    '# Exits with 3 unless it is run by bash.',
    '[[ -n $BASH_VERSION ]] || exit 3',
    'umask 077',
    `CONNECT_KEY='${connectKey}'`,
    'echo "Using $CONNECT_KEY"',
    `mkdir -p '${agentDir}'`,
    'register() {',
    // Like a service, this process survives the end of the terminal.
    "  trap '' HUP",
    `  sleep ${delay}`,
    ...others,
    conf,
    '}',
    'register </dev/null >/dev/null 2>&1 &',
    '',
  ].join('\n');
}
