import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Emulator } from '../../emulator/emulator.ts';
import type { TlsIdentity } from '../../emulator/keys.ts';

/** A server that behaves like JumpCloud's kickstart. */
export interface Kickstart {
  readonly url: string;
  /** The connect keys that were sent, in order. */
  readonly asked: (string | undefined)[];
  /** What the next script does instead of installing an agent. */
  script: string | undefined;
  /** The bytes that are sent for the next answers; then the connection is cut. */
  raw: string | Buffer | undefined;
  close(): Promise<void>;
}

interface Agent {
  readonly emulator: Emulator;
  /** Where the agent is installed, as the script's shell sees it. */
  readonly agentDir: string;
  readonly connectKey: string;
  /** For how many seconds after the script's end the agent is not registered yet. */
  readonly delay?: number;
  /** Serves https with this certificate. */
  readonly tls?: TlsIdentity;
}

/** Starts one that knows a connect key, and whose script installs an agent of the emulator's. */
export async function startKickstart(agent: Agent): Promise<Kickstart> {
  const asked: (string | undefined)[] = [];
  const listener: RequestListener = async ({ headers }, response) => {
    const key = headers['x-connect-key']?.toString();
    asked.push(key);
    if (key !== agent.connectKey) {
      response.writeHead(401).end('Unauthorized\n');
      return;
    }
    if (kickstart.raw !== undefined) {
      const { socket } = response;
      socket?.write(kickstart.raw, () => socket.destroy());
      return;
    }
    // The real one's script holds the key as well.
    response.end(kickstart.script ?? (await installer(agent)));
  };
  const { tls } = agent;
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const kickstart: Kickstart = {
    url: `${tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${address.port}/Kickstart`,
    asked,
    script: undefined,
    raw: undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return kickstart;
}

async function installer({ emulator, agentDir, connectKey, delay = 0 }: Agent): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'enrolled-'));
  await emulator.enrol({ agentDir: directory });
  const files = await Promise.all(
    (await readdir(directory)).map(async (name) => {
      const content = (await readFile(join(directory, name))).toString('base64');
      return `  echo ${content} | base64 -d >'${agentDir}/${name}'`;
    }),
  );
  await rm(directory, { recursive: true });
  // jcagent.conf last, as it is what says that the agent is registered.
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
    // As a service, it stays when the terminal goes.
    "  trap '' HUP",
    `  sleep ${delay}`,
    ...others,
    conf,
    '}',
    'register </dev/null >/dev/null 2>&1 &',
    '',
  ].join('\n');
}
