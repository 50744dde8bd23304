import { ENVIRONMENT, FACT_NAMES, type Fact, toFact } from './fact.ts';
import { osFact } from './os.ts';

/** Reads facts of this host, each from its own source. Code about clouds is loaded only if needed. */
export async function readFacts(
  names: Iterable<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Fact>> {
  const all = [...new Set(names)];
  const local = readLocalFacts(all);
  const cloud = all.filter(isCloudFact);
  if (cloud.length === 0) return local;
  const { Cloud } = await import('./cloud.ts');
  return new Map([...local, ...(await new Cloud(signal).facts(cloud))]);
}

/**
 * Reads all facts that this host has, by name. Environment variables may hold secrets, and Google's
 * attributes hold start scripts and keys: variables are left out, and tags are a list of their names.
 */
export async function readAllFacts(
  signal: AbortSignal,
): Promise<Readonly<Record<string, string | readonly string[]>>> {
  const { Cloud } = await import('./cloud.ts');
  const cloud = new Cloud(signal);
  const [ofCloud, tags] = await Promise.all([
    cloud.facts(FACT_NAMES.filter(isCloudFact)),
    cloud.tagNames(),
  ]);
  const values = [...readLocalFacts(FACT_NAMES), ...ofCloud].flatMap(([name, fact]) =>
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
    } else if (name.startsWith(ENVIRONMENT)) {
      facts.set(name, toFact(process.env[name.slice(ENVIRONMENT.length)], 'the environment'));
    } else if (!isCloudFact(name)) {
      facts.set(name, osFact(name));
    }
  }
  return facts;
}
