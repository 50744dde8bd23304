import type { Emulator } from '../../emulator/emulator.ts';
import type { ServiceAccount } from '../../emulator/service-accounts.ts';
import type { Answer } from '../../harness/answer.ts';
import { callInProcess, moduleNamed } from '../../harness/call-in-process.ts';
import type { ModuleName } from '../../harness/executable.ts';

/** Returns the options that make a module use a service account. */
export function serviceAccountOptions(
  { url, tokenUrl }: Emulator,
  { clientId, secrets }: ServiceAccount,
): Record<string, unknown> {
  const [client_secret = ''] = secrets;
  return { api_url: url, token_url: tokenUrl, client_id: clientId, client_secret };
}

/** Calls a module in this process. Returns its answer, with the whole output as `text`. */
export async function callAdminModule(
  module: ModuleName,
  options: Readonly<Record<string, unknown>>,
  flags: readonly string[] = [],
): Promise<Answer & { readonly text: string }> {
  const { text } = await callInProcess(moduleNamed(module), [JSON.stringify(options), ...flags]);
  return { ...(JSON.parse(text) as Answer), text };
}

/** Separates the requests for a token from all other requests. */
export function separateTokenRequests({ requests }: Emulator) {
  const isToken = ({ url }: { url: string }) => url === '/oauth2/token';
  return { tokens: requests.filter(isToken), others: requests.filter((one) => !isToken(one)) };
}
