// Loaded into a module's process before it starts: leaves how long it ran from here on, in seconds,
// and the most memory it ever held, in KiB.
const { writeFileSync } = require('node:fs');

const start = performance.now();
process.on('exit', () => {
  const seconds = (performance.now() - start) / 1000;
  const peak = process.resourceUsage().maxRSS;
  writeFileSync(process.env.MEASURED, JSON.stringify({ seconds, peak }));
});
