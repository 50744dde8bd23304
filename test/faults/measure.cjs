// Measures the process that preloads this file. At exit, writes the time since loading in seconds and
// the peak memory in KiB to the file that MEASURED names.
const { writeFileSync } = require('node:fs');

const start = performance.now();
process.on('exit', () => {
  const seconds = (performance.now() - start) / 1000;
  const peakKib = process.resourceUsage().maxRSS;
  writeFileSync(process.env.MEASURED, JSON.stringify({ seconds, peakKib }));
});
