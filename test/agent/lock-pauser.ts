import fs from 'node:fs';
import { newLock, takeLock } from '../../src/agent/lock-file.ts';

/**
 * Takes a lock and prints what came of it. Before its step number `step` it prints `paused` and waits
 * for a file to be there.
 */
const [path = '', step = '', go = ''] = process.argv.slice(2);
let steps = 0;

for (const name of ['openSync', 'linkSync', 'renameSync', 'unlinkSync', 'lstatSync'] as const) {
  const real = fs[name] as (...words: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...words: unknown[]) => {
      steps++;
      if (steps === Number(step)) {
        fs.writeSync(1, 'paused\n');
        while (!fs.existsSync(go)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
      return real(...words);
    },
  });
}

fs.writeSync(1, `${takeLock(path, newLock(60_000))}\n`);
