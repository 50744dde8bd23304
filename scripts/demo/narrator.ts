import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Prints the steps of the demo as they happen, in colour on a terminal. */
export class Narrator {
  #steps = 0;

  /** Prints the title, runs `work`, and prints the summary of its result with the elapsed time. */
  async step<T>(title: string, work: () => Promise<T>, summary: (result: T) => string): Promise<T> {
    this.#steps += 1;
    console.log(`\n${applyStyle('bold', `${this.#steps}. ${title}`)}`);
    const start = performance.now();
    const result = await work();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(applyStyle('cyan', `   ${summary(result)} (${seconds} s)`));
    return result;
  }

  /** Prints a sentence. */
  say(sentence: string): void {
    console.log(`   ${sentence}`);
  }

  /** Prints another program's output, marked as quoted. */
  quote(text: string): void {
    console.log(text.replace(/^/gm, applyStyle('dim', '   | ')).replace(/ +$/gm, ''));
  }
}

function applyStyle(style: Style, text: string): string {
  return process.stdout.hasColors?.() ? styleText(style, text) : text;
}
