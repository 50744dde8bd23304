// Preloaded into a module's process. Kills the process right before the change to the file system
// that has the number KILL_AT or, with `torn`, after half of a file has been written.
const fs = require('node:fs');

const [step, how] = process.env.KILL_AT.split(' ');
let left = Number(step);
let inside = false; // In some versions of Node.js, rmSync() calls unlinkSync().

for (const name of ['writeFileSync', 'linkSync', 'renameSync', 'rmSync', 'unlinkSync']) {
  const real = fs[name];
  fs[name] = (path, ...rest) => {
    if (inside) return real(path, ...rest);
    left -= 1;
    if (left === 0) {
      if (how === 'torn' && name === 'writeFileSync') real(path, rest[0].slice(0, 20));
      process.kill(process.pid, 'SIGKILL');
    }
    inside = true;
    try {
      return real(path, ...rest);
    } finally {
      inside = false;
    }
  };
}
