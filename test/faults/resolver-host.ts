import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Answer, executablePath, type ModuleName } from '../harness/executable.ts';

/** The answer of a run and the lifetime of its process in seconds. */
export interface TimedRun {
  readonly answer: Answer;
  readonly seconds: number;
}

/** Settings of a call that are not module options. */
export interface ResolverCall {
  /** The delay before SIGTERM is sent. */
  readonly killAfterMs?: number;
  readonly env?: Record<string, string>;
}

/** A host with its own resolver configuration. `run` runs an executable on the host. */
export interface ResolverHost {
  run(module: ModuleName, options: Record<string, unknown>, call?: ResolverCall): Promise<TimedRun>;
  remove(): void;
}

const NSSWITCH = 'hosts: files dns\n';
const IN_NAMESPACE =
  'mount --make-rprivate / && mount --bind "$0/resolv.conf" /etc/resolv.conf && mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf && exec "$@"';

/**
 * Makes a host with the given text of resolv.conf. Returns undefined if this machine does not
 * permit mount namespaces.
 */
export function makeResolverHost(resolvConf: string): ResolverHost | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'resolver-'));
  writeFileSync(join(directory, 'resolv.conf'), resolvConf);
  writeFileSync(join(directory, 'nsswitch.conf'), NSSWITCH);
  const words = ['-m', 'sh', '-c', IN_NAMESPACE, directory];
  const remove = () => rmSync(directory, { recursive: true });
  if (spawnSync('unshare', [...words, 'true'], { timeout: 10_000 }).status !== 0) {
    remove();
    return undefined;
  }
  return {
    run: async (module, options, { killAfterMs, env = {} } = {}) => {
      const start = performance.now();
      const running = execa(
        'unshare',
        [...words, executablePath(module), JSON.stringify(options)],
        { stdin: 'ignore', reject: false, env },
      );
      const timer = killAfterMs && setTimeout(() => running.kill('SIGTERM'), killAfterMs);
      const { stdout, stderr } = await running;
      clearTimeout(timer);
      const seconds = (performance.now() - start) / 1000;
      if (stderr !== '') throw new Error(`expected nothing on stderr, got: ${stderr}`);
      return { answer: JSON.parse(stdout) as Answer, seconds };
    },
    remove,
  };
}
