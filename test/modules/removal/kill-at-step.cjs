// Loaded into a module's process before it starts: ends it with SIGKILL right before its change
// number KILL_AT to the file system, or with half of a file written.
const fs = require('node:fs');

const [step, how] = process.env.KILL_AT.split(' ');
let left = Number(step);
let inside = false; // rmSync() calls unlinkSync(), or not, depending on the version of Node.

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
