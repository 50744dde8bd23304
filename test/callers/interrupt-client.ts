import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestHost } from '../harness/fixture.ts';

/** Sends SIGTERM to the run that waits for an answer, as a shutdown would. */
export async function interruptClient(host: TestHost, signal: AbortSignal): Promise<void> {
  const server = Number(new URL(host.options.api_url).port);
  for (;;) {
    const unanswered = host
      .requests()
      .find(({ fault, endedAt }) => fault === 'silence' && endedAt === 0);
    const pid = unanswered?.clientPort && connectedProcess(unanswered.clientPort, server);
    if (pid) return void process.kill(pid, 'SIGTERM');
    await sleep(100, undefined, { signal });
  }
}

/** Returns the id of the process with a connection from one port of 127.0.0.1 to another. */
function connectedProcess(from: number, to: number): number | undefined {
  const ends = [from, to].map(
    (port) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  const connections = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const fields = connections
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => local === ends[0] && remote === ends[1]);
  const socket = `socket:[${fields?.[9]}]`;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).find((pid) => descriptorsOf(pid).includes(socket));
}

/** Returns the open files of a process. Returns none if it has ended. */
function descriptorsOf(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).map((name) => readlinkSync(`${directory}/${name}`));
  } catch {
    return [];
  }
}
