/** Tells a person, step by step, what happens. */
export class Narrator {
  #steps = 0;

  /** Announces the next step, does it, and says how long it took and what `summary` makes of it. */
  async step<T>(title: string, work: () => Promise<T>, summary: (result: T) => string): Promise<T> {
    this.#steps += 1;
    console.log(`\n${this.#steps}. ${title}`);
    const start = performance.now();
    const result = await work();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`   ${summary(result)} (${seconds} s)`);
    return result;
  }

  /** Shows another program's output, set apart. */
  quote(text: string): void {
    console.log(text.replace(/^/gm, '   | ').replace(/ +$/gm, ''));
  }
}
