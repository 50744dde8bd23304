import { ENVIRONMENT, FACT_NAMES, type Fact, toFact } from './fact.ts';

/** Reads facts of this host, each from the source that has it; other sources are not loaded. */
export async function readFacts(
  names: Iterable<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Fact>> {
  const facts = new Map<string, Fact>();
  const cloud: string[] = [];
  for (const name of new Set(names)) {
    if (name.startsWith('cloud.')) {
      cloud.push(name);
    } else if (name.startsWith(ENVIRONMENT)) {
      facts.set(name, toFact(process.env[name.slice(ENVIRONMENT.length)], 'the environment'));
    } else {
      const { osFact } = await import('./os.ts');
      facts.set(name, osFact(name));
    }
  }
  if (cloud.length === 0) return facts;
  const { readCloudFacts } = await import('./cloud.ts');
  return new Map([...facts, ...(await readCloudFacts(cloud, signal))]);
}

/**
 * Reads all facts that this host has, without environment variables, which may hold secrets. Of tags
 * only the names, as `cloud.tag`, because Google's attributes hold start scripts and keys.
 */
export async function readAllFacts(
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const facts = await readFacts(FACT_NAMES, signal);
  const found = FACT_NAMES.flatMap((name) => {
    const fact = facts.get(name);
    return fact !== undefined && 'value' in fact ? [[name, fact.value] as const] : [];
  });
  const { readTagNames } = await import('./cloud.ts');
  const tags = await readTagNames(signal);
  return { ...Object.fromEntries(found), ...(tags.length > 0 && { 'cloud.tag': tags }) };
}
