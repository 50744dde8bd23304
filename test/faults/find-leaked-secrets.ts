import { sharedKeyFiles } from '../emulator/keys.ts';
import type { LoggedRequest } from '../emulator/types.ts';

/**
 * Lists the secrets that a text contains in whole or in part. Secrets are the lines of the agent
 * key, the signatures of `requests`, and `otherSecrets`.
 */
export async function findLeakedSecrets(
  text: string,
  requests: readonly LoggedRequest[],
  ...otherSecrets: string[]
): Promise<string[]> {
  const { pkcs1, pkcs8 } = await sharedKeyFiles();
  const keyLines = `${pkcs1}${pkcs8}`.split('\n').filter((line) => /^[\w+/=]{24,}$/.test(line));
  const signatures = requests.flatMap(
    ({ authorization }) => /signature="([^"]+)"/.exec(authorization ?? '')?.[1] ?? [],
  );
  const prefixes = [...keyLines, ...signatures].map((secret) => secret.slice(0, 24));
  return [...prefixes, ...otherSecrets].filter((secret) => text.includes(secret));
}
