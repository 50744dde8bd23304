import { CloudInit } from './cloud-init.ts';
import type { CloudProvider } from './cloud-provider.ts';
import { providerByDmi } from './dmi.ts';
import { type Fact, TAG } from './fact.ts';
import { MetadataService } from './metadata-service.ts';

/**
 * Reads `cloud.*` facts. What does not change while an instance lives comes from cloud-init's file, and
 * from the metadata service only if it is not there. Tags change, so the service is asked first.
 */
export async function readCloudFacts(
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Fact>> {
  const cloudInit = new CloudInit();
  const provider = providerByDmi();
  const facts = new Map<string, Fact>();
  const asked: string[] = [];
  for (const name of names) {
    const fact = name.startsWith(TAG) ? undefined : cloudInit.fact(name);
    if (fact !== undefined && 'value' in fact) facts.set(name, fact);
    else if (name === 'cloud.provider') facts.set(name, providerFact(provider, fact));
    else asked.push(name);
  }
  const answers =
    provider === undefined || asked.length === 0
      ? new Map()
      : await provider.readFacts(asked, new MetadataService(signal));
  for (const name of asked) {
    const answer = answers.get(name) ?? {
      reason: "the machine's DMI strings name no cloud with a known metadata service",
      isAnswered: false,
    };
    if ('value' in answer) {
      facts.set(name, { value: answer.value });
      continue;
    }
    const written = cloudInit.fact(name);
    if ('value' in written && !answer.isAnswered) facts.set(name, written);
    else if ('value' in written) facts.set(name, { reason: answer.reason });
    else facts.set(name, { reason: `${written.reason}; ${answer.reason}` });
  }
  return facts;
}

/** Returns the names of this instance's tags, sorted. */
export async function readTagNames(signal: AbortSignal): Promise<readonly string[]> {
  const names = await providerByDmi()?.readTagNames(new MetadataService(signal));
  return [...(names ?? new CloudInit().tagNames())].sort();
}

function providerFact(provider: CloudProvider | undefined, written: Fact | undefined): Fact {
  if (provider !== undefined) return { value: provider.name };
  const reason = written !== undefined && 'reason' in written ? `${written.reason}; ` : '';
  return { reason: `${reason}the machine's DMI strings name no known cloud` };
}
