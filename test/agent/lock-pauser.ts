import fs from 'node:fs';
import { prepareLock, takeLock } from '../../src/agent/lock-file.ts';

/**
 * Takes a lock and prints the outcome. Before the file operation with the number `step`, prints
 * `paused` and waits until the file `go` exists.
 */
const [path = '', step = '', go = ''] = process.argv.slice(2);
let steps = 0;

for (const name of ['openSync', 'linkSync', 'renameSync', 'unlinkSync', 'lstatSync'] as const) {
  const real = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      steps++;
      if (steps === Number(step)) {
        fs.writeSync(1, 'paused\n');
        while (!fs.existsSync(go)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
      return real(...args);
    },
  });
}

fs.writeSync(1, `${takeLock(path, prepareLock(60_000))}\n`);
