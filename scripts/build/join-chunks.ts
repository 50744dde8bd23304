import { init, parse } from 'es-module-lexer';

/** Part of a bundle as esbuild writes it: an ES module that imports others of them as `./<path>`. */
export interface Chunk {
  readonly path: string;
  readonly text: string;
}

/** A bundle as two texts for one process. */
export interface Joined {
  /** What the entry imports with import statements; calls `later(n)` where it says import(). */
  readonly early: string;
  /**
   * What only import() leads to: the body of a function that returns, by n, functions that give what
   * `later` does. Wants `once`, which makes of a function one that runs but once.
   */
  readonly late: string;
  /** The names in `early` that `late` wants, too. */
  readonly shared: readonly string[];
}

/**
 * Joins a bundle's chunks in the order in which they are needed. Throws for what esbuild is not known
 * to write.
 */
export async function joinChunks(entry: string, chunks: readonly Chunk[]): Promise<Joined> {
  await init;
  const values = new Map<string, string>();
  const dynamic: string[] = [];

  const textOf = (path: string) => {
    const found = chunks.find((chunk) => chunk.path === path);
    if (found === undefined) throw new Error(`esbuild wrote no ${path}.`);
    return found.text;
  };
  const join = (path: string, isLate: boolean): string => {
    if (values.has(path)) return '';
    let before = '';
    const body = toFunctionBody(textOf(path), {
      chunk: (imported) => {
        before += join(imported, isLate);
        return values.get(imported) ?? '';
      },
      later: (imported) => {
        if (!dynamic.includes(imported)) dynamic.push(imported);
        return dynamic.indexOf(imported);
      },
    });
    const name = `chunk${values.size}`;
    values.set(path, isLate ? `${name}()` : name);
    const made = `()=>{${body}}`;
    return `${before}const ${name}=${isLate ? `once(${made})` : `(${made})()`};`;
  };

  const early = join(entry, false);
  // The entry is last, and nobody imports it.
  const shared = [...values.values()].slice(0, -1);
  let late = '';
  // Grows while it is gone through: what is loaded later may say import() too.
  for (const path of dynamic) late += join(path, true);
  const results = dynamic.map((path) => `()=>${values.get(path)}`);
  return { early, late: `${late}return[${results.join()}]`, shared };
}

/** What imports of a chunk become. */
interface Imports {
  /** What gives another chunk's exports. */
  readonly chunk: (path: string) => string;
  /** The number for `later` of what import() names. */
  readonly later: (path: string) => number;
}

/** What esbuild gives ES modules for require(), which here is there. */
const SHIM = /(?<=var \w+=)\(\w+=>typeof require<"u"\?require:.*?is not supported'\)\}\)/;

/** An ES module of esbuild's as the body of a function that returns its exports. */
function toFunctionBody(module: string, { chunk, later }: Imports): string {
  const text = module.replace(SHIM, 'require');
  const [imports, exported] = parse(text);
  let body = '';
  let end = 0;
  for (const { n: specifier = '', ss, se, s, d } of imports) {
    body += text.slice(end, ss);
    end = se;
    const isOurs = specifier.startsWith('./');
    const path = specifier.slice(2);
    const node = `require(${JSON.stringify(specifier)})`;
    if (d >= 0) body += isOurs ? `later(${later(path)})` : `Promise.resolve(${node})`;
    else body += asDeclaration(text.slice(ss, s - 1), isOurs ? chunk(path) : node);
  }
  const rest = text.slice(end);
  if (exported.length === 0) return body + rest;
  const list = /export\{([^}]*)\};?\s*$/.exec(rest);
  if (list === null)
    throw new Error(`esbuild does not export at the end of a chunk: ${rest.slice(-200)}`);
  return `${body}${rest.slice(0, list.index)}return{${pairs(list[1] ?? '').map(([local, name]) => `${name}:${local}`)}}`;
}

/** What stands before the specifier of an import statement, as a declaration. */
function asDeclaration(clause: string, from: string): string {
  const [, names, all] = /^import(?:\{([^}]*)\}from|\*as (\S+) from)?$/.exec(clause) ?? [];
  if (names !== undefined)
    return `const{${pairs(names).map(([name, local]) => `${name}:${local}`)}}=${from}`;
  if (all !== undefined) return `const ${all}=${from}`;
  if (clause !== 'import') throw new Error(`esbuild writes an unknown kind of import: ${clause}`);
  return from;
}

/** `a as b,c` as pairs. */
function pairs(list: string): [string, string][] {
  return list.split(',').map((item) => {
    const [one = '', other = one] = item.split(' as ');
    return [one, other];
  });
}
