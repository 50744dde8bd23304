import { init, parse } from 'es-module-lexer';

/**
 * A chunk of a bundle as esbuild writes it: an ES module that imports other chunks as `./<path>`.
 */
export interface Chunk {
  readonly path: string;
  readonly text: string;
}

/** A chunk that is loaded only with import(). */
export interface LateChunk {
  /** The path that esbuild gave the chunk. */
  readonly path: string;
  readonly text: string;
}

/** A bundle split into the code that runs at the start and the code that is loaded later. */
export interface JoinedChunks {
  /**
   * The code of the entry and its static imports. Each import() is replaced with `importLate(n)`.
   */
  readonly early: string;
  /**
   * The chunks that are loaded only with import(). Each text is the body of a function that returns
   * the exports of the chunk. The body calls `late(n)` for the exports of the chunk at index n, or
   * `importLate(n)` for a promise of them.
   */
  readonly lateChunks: readonly LateChunk[];
  /** The names in `early` that the late chunks use. */
  readonly sharedNames: readonly string[];
}

/**
 * Joins a bundle's chunks in the order in which they are needed.
 * @throws Error for a chunk in an unknown form
 */
export async function joinChunks(entry: string, chunks: readonly Chunk[]): Promise<JoinedChunks> {
  await init;
  const names = new Map<string, string>();
  const late: string[] = [];

  const textOf = (path: string) => {
    const found = chunks.find((chunk) => chunk.path === path);
    if (found === undefined)
      throw new Error(`esbuild did not write ${path}, which another chunk imports.`);
    return found.text;
  };
  const lateIndex = (path: string) => {
    if (!late.includes(path)) late.push(path);
    return late.indexOf(path);
  };
  const join = (path: string): string => {
    if (names.has(path)) return '';
    let before = '';
    const chunk = (imported: string) => {
      before += join(imported);
      return names.get(imported) ?? '';
    };
    const body = toFunctionBody(textOf(path), { chunk, lateIndex });
    const name = `chunk${names.size}`;
    names.set(path, name);
    return `${before}const ${name}=(()=>{${body}})();`;
  };

  const early = join(entry);
  const chunk = (path: string) => names.get(path) ?? `late(${lateIndex(path)})`;
  const lateChunks: LateChunk[] = [];
  // The list grows during the loop, because a late chunk may import further late chunks.
  for (const path of late) {
    if (names.has(path)) throw new Error(`${path} is imported both statically and with import().`);
    lateChunks.push({ path, text: toFunctionBody(textOf(path), { chunk, lateIndex }) });
  }
  // Omits the last name, which is the entry's. No chunk imports the entry.
  return { early, lateChunks, sharedNames: [...names.values()].slice(0, -1) };
}

/** The replacements for the imports of a chunk. */
interface ImportReplacements {
  /** Returns an expression for the exports of the chunk at a path. */
  readonly chunk: (path: string) => string;
  /** Returns the index of the late chunk at a path. */
  readonly lateIndex: (path: string) => number;
}

/**
 * Matches esbuild's substitute for require() in ES modules. Executables are CommonJS and have
 * require().
 */
const REQUIRE_SHIM = /(?<=var \w+=)\(\w+=>typeof require<"u"\?require:.*?is not supported'\)\}\)/;

/** Converts a chunk to the body of a function that returns its exports. */
function toFunctionBody(module: string, { chunk, lateIndex }: ImportReplacements): string {
  const text = module.replace(REQUIRE_SHIM, 'require');
  const [imports, exported] = parse(text);
  let body = '';
  let end = 0;
  for (const { n: specifier, ss, se, s, d } of imports) {
    if (specifier === undefined)
      throw new Error(
        `The specifier of this import() is known only at run time: ${text.slice(ss, se)}`,
      );
    body += text.slice(end, ss);
    end = se;
    const isChunk = specifier.startsWith('./');
    const path = specifier.slice(2);
    const node = `require(${JSON.stringify(specifier)})`;
    if (d >= 0) body += isChunk ? `importLate(${lateIndex(path)})` : `Promise.resolve(${node})`;
    else body += toDeclaration(text.slice(ss, s - 1), isChunk ? chunk(path) : node);
  }
  const rest = text.slice(end);
  if (exported.length === 0) return `${body}${rest}return{}`;
  const list = /export\{([^}]*)\};?\s*$/.exec(rest);
  if (list === null) throw new Error(`A chunk does not end with its exports: ${rest.slice(-200)}`);
  return `${body}${rest.slice(0, list.index)}return{${parsePairs(list[1] ?? '').map(([local, name]) => `${name}:${local}`)}}`;
}

/** Converts an import statement to a declaration. `clause` is the text before the specifier. */
function toDeclaration(clause: string, from: string): string {
  const [, names, all] = /^import(?:\{([^}]*)\}from|\*as (\S+) from)?$/.exec(clause) ?? [];
  if (names !== undefined)
    return `const{${parsePairs(names).map(([name, local]) => `${name}:${local}`)}}=${from}`;
  if (all !== undefined) return `const ${all}=${from}`;
  if (clause !== 'import') throw new Error(`Unknown form of import statement: ${clause}`);
  return from;
}

/** Parses `a as b,c` into pairs. */
function parsePairs(list: string): [string, string][] {
  return list.split(',').map((item) => {
    const [one = '', other = one] = item.split(' as ');
    return [one, other];
  });
}
