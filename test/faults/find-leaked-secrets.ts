import { sharedKeyFiles } from '../emulator/keys.ts';
import type { LoggedRequest } from '../emulator/types.ts';

/**
 * Lists the secrets that a text contains, whole or in part: lines of the agents' key, signatures of
 * received requests, and the other given secrets.
 */
export async function findLeakedSecrets(
  text: string,
  requests: readonly LoggedRequest[],
  ...others: string[]
): Promise<string[]> {
  const { pkcs1, pkcs8 } = await sharedKeyFiles();
  const keyLines = `${pkcs1}${pkcs8}`.split('\n').filter((line) => /^[\w+/=]{24,}$/.test(line));
  const signatures = requests.flatMap(
    ({ authorization }) => /signature="([^"]+)"/.exec(authorization ?? '')?.[1] ?? [],
  );
  const parts = [...keyLines, ...signatures].map((secret) => secret.slice(0, 24));
  return [...parts, ...others].filter((secret) => text.includes(secret));
}
