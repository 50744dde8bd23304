// Kills the process that preloads this file right before file system change number KILL_AT. With
// `torn`, kills it when half of the file has been written.
const fs = require('node:fs');

const [step, how] = process.env.KILL_AT.split(' ');
let left = Number(step);
let isInside = false; // In some versions of Node.js, rmSync() calls unlinkSync().

for (const name of ['writeFileSync', 'linkSync', 'renameSync', 'rmSync', 'unlinkSync']) {
  const real = fs[name];
  fs[name] = (path, ...rest) => {
    if (isInside) return real(path, ...rest);
    left -= 1;
    if (left === 0) {
      if (how === 'torn' && name === 'writeFileSync') real(path, rest[0].slice(0, 20));
      process.kill(process.pid, 'SIGKILL');
    }
    isInside = true;
    try {
      return real(path, ...rest);
    } finally {
      isInside = false;
    }
  };
}
