// Runs in the browser: opens each page in a frame, runs axe-core there, and posts all findings. The
// server defines `pages` and `widths` before this script.
void (async () => {
  const findings = [];
  for (const page of pages) {
    for (const width of widths) {
      const frame = document.createElement('iframe');
      frame.style.cssText = `width: ${width}px; height: 900px`;
      const loaded = new Promise((resolve) => {
        frame.onload = resolve;
      });
      frame.src = page;
      document.body.append(frame);
      await loaded;
      for (const theme of ['light', 'dark']) {
        frame.contentDocument.documentElement.classList.toggle('dark', theme === 'dark');
        // Waits until the transition of colours has ended.
        await new Promise((resolve) => setTimeout(resolve, 700));
        const { violations } = await frame.contentWindow.axe.run({ resultTypes: ['violations'] });
        for (const { id, impact, nodes } of violations) {
          const targets = nodes.slice(0, 3).map(({ target }) => target.join(' '));
          findings.push({ page: `${page} (${width}, ${theme})`, id, impact, targets });
        }
      }
      frame.remove();
    }
  }
  await fetch('/findings', { method: 'POST', body: JSON.stringify(findings) });
})();
