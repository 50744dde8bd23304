import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = `npm run probe [-- --yes [--delete-record] --agent-dir DIR --api-url URL --token-url URL --output DIR]

Asks JumpCloud what its documentation leaves open, from a throwaway host. See docs/probe.md.
Without --yes, prints every request and sends none.

  --yes            send the requests; the environment has an administrator's credentials
  --delete-record  afterwards, delete this host's record: the agent then uninstalls itself
  --agent-dir DIR  the agent's directory, by default /opt/jc
  --api-url URL    another API, for example that of npm run emulator
  --token-url URL  another endpoint for a service account's token
  --output DIR     where probe-report.json and probe-report.md are written, by default here`;

/** The options of the command. */
export interface CommandOptions {
  readonly isReal: boolean;
  readonly deletesRecord: boolean;
  readonly agentDir: string;
  readonly apiUrl: string | undefined;
  readonly tokenUrl: string | undefined;
  readonly outputDir: string;
}

/** The error for an invalid command line. */
export class UsageError extends Error {}

/** Parses the command line. @throws UsageError */
export function parseCommandOptions(words: string[]): CommandOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: words,
      options: {
        yes: flag,
        'delete-record': flag,
        'agent-dir': text,
        'api-url': text,
        'token-url': text,
        output: text,
      },
    });
    return {
      isReal: values.yes,
      deletesRecord: values['delete-record'],
      agentDir: values['agent-dir'] ?? '/opt/jc',
      apiUrl: parseSecureUrl('api-url', values['api-url'])?.origin,
      tokenUrl: parseSecureUrl('token-url', values['token-url'])?.href,
      outputDir: resolve(values.output ?? '.'),
    };
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\nUsage: ${USAGE}`);
  }
}

/** Parses a URL that must start with https, or with http and a loopback address. */
function parseSecureUrl(option: string, text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return url;
  throw new Error(`--${option} must start with https://, or with http:// and a loopback address`);
}
