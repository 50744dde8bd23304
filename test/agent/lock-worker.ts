import fs from 'node:fs';
import { prepareLock, releaseLock, takeLock } from '../../src/agent/lock-file.ts';

/**
 * Takes a lock, adds one to the number in the file `counter`, and releases the lock; repeats this
 * `times` times. Kills itself at random before a file operation that takes or releases the lock.
 * Prints `added` for each addition, and `not alone` when another process holds the lock at the same
 * time.
 */
const [path = '', counter = '', times = '', rate = ''] = process.argv.slice(2);
const inside = `${counter}.inside`;
let mayDie = false;

for (const name of ['linkSync', 'renameSync', 'unlinkSync', 'openSync'] as const) {
  const real = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      if (mayDie && Math.random() < Number(rate)) process.kill(process.pid, 'SIGKILL');
      // Gives other processes time to act between two operations.
      if (mayDie && Math.random() < 0.3) sleep(Math.random() * 30);
      return real(...args);
    },
  });
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function addOne(): void {
  try {
    fs.closeSync(fs.openSync(inside, 'wx'));
  } catch {
    fs.writeSync(1, 'not alone\n');
    return;
  }
  const before = Number(fs.readFileSync(counter, 'utf8'));
  sleep(Math.random() * 2);
  fs.writeFileSync(counter, `${before + 1}`);
  fs.writeSync(1, 'added\n');
  fs.unlinkSync(inside);
}

for (let i = 0; i < Number(times); i++) {
  const lock = prepareLock(60_000);
  mayDie = true;
  while (takeLock(path, lock) !== 'acquired') sleep(1);
  mayDie = false;
  addOne();
  mayDie = true;
  releaseLock(path, lock);
  mayDie = false;
}
