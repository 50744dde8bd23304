import { ENVIRONMENT_PREFIX, FACT_NAMES, type Fact, toFact } from './fact.ts';
import { readOsFact } from './os.ts';

/** Reads facts of this host. Loads the code for clouds only if needed. */
export async function readFacts(
  names: Iterable<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Fact>> {
  const all = [...new Set(names)];
  const local = readLocalFacts(all);
  const cloud = all.filter(isCloudFact);
  if (cloud.length === 0) return local;
  const { Cloud } = await import('./cloud.ts');
  return new Map([...local, ...(await new Cloud(signal).readFacts(cloud))]);
}

/**
 * Reads all facts of this host, by name. Omits environment variables and the values of tags,
 * because they may contain secrets. Google's attributes, for example, hold start scripts and keys.
 */
export async function readAllFacts(
  signal: AbortSignal,
): Promise<Readonly<Record<string, string | readonly string[]>>> {
  const { Cloud } = await import('./cloud.ts');
  const cloud = new Cloud(signal);
  const [cloudFacts, tags] = await Promise.all([
    cloud.readFacts(FACT_NAMES.filter(isCloudFact)),
    cloud.readTagNames(),
  ]);
  const values = [...readLocalFacts(FACT_NAMES), ...cloudFacts].flatMap(([name, fact]) =>
    'value' in fact ? [[name, fact.value]] : [],
  );
  return { ...Object.fromEntries(values), ...(tags.length > 0 && { 'cloud.tag': tags }) };
}

function isCloudFact(name: string): boolean {
  return name.startsWith('cloud.');
}

function readLocalFacts(names: readonly string[]): ReadonlyMap<string, Fact> {
  const facts = new Map<string, Fact>();
  for (const name of names) {
    if (/^env\.(https?|all)_proxy$/i.test(name)) {
      facts.set(name, { reason: 'not readable as a fact: it may contain a password' });
    } else if (name.startsWith(ENVIRONMENT_PREFIX)) {
      facts.set(
        name,
        toFact(process.env[name.slice(ENVIRONMENT_PREFIX.length)], 'the environment'),
      );
    } else if (!isCloudFact(name)) {
      facts.set(name, readOsFact(name));
    }
  }
  return facts;
}
