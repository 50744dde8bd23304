/** Prints the steps of the demo as they happen. */
export class Narrator {
  #steps = 0;

  /** Prints the title, does the step, and prints the result's summary and the time it took. */
  async step<T>(title: string, work: () => Promise<T>, summary: (result: T) => string): Promise<T> {
    this.#steps += 1;
    console.log(`\n${this.#steps}. ${title}`);
    const start = performance.now();
    const result = await work();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`   ${summary(result)} (${seconds} s)`);
    return result;
  }

  /** Prints another program's output, marked as quoted. */
  quote(text: string): void {
    console.log(text.replace(/^/gm, '   | ').replace(/ +$/gm, ''));
  }
}
