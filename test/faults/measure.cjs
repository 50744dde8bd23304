// Preloaded into a module's process. At the end it writes the run time from here, in seconds, and the
// peak memory, in KiB.
const { writeFileSync } = require('node:fs');

const start = performance.now();
process.on('exit', () => {
  const seconds = (performance.now() - start) / 1000;
  const peak = process.resourceUsage().maxRSS;
  writeFileSync(process.env.MEASURED, JSON.stringify({ seconds, peak }));
});
