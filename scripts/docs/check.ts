import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { projectDirectory } from '../build/project-directory.ts';

// Checks the accessibility of every page of the built site with axe-core in headless Chromium, in
// light and dark mode, and at the widths of a desktop and a phone. Fails for serious and critical
// findings.

const SITE_DIRECTORY = join(projectDirectory, 'docs/.vitepress/dist');
const AXE_PATH = join(projectDirectory, 'docs/node_modules/axe-core/axe.min.js');
const VIEWPORT_WIDTHS = [1280, 390];
const TIMEOUT_MS = 300_000;
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
};

/** A finding on a page, as `axe-runner.js` reports it. */
interface Finding {
  readonly page: string;
  readonly id: string;
  readonly impact: string;
  readonly targets: readonly string[];
}

const files = await readdir(SITE_DIRECTORY, { recursive: true });
const pages = files.filter((file) => file.endsWith('.html') && file !== '404.html');

let resolveFindings: (findings: Finding[]) => void = () => {};
const received = new Promise<Finding[]>((resolve) => {
  resolveFindings = resolve;
});
const server = createServer((request, response) => {
  answer(request).then(
    ([type, body]) => response.setHeader('Content-Type', type).end(body),
    () => response.writeHead(404).end(),
  );
});
server.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));

async function answer(request: IncomingMessage): Promise<[type: string, body: string | Buffer]> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (request.method === 'POST') {
    resolveFindings(JSON.parse(await text(request)));
    return ['text/plain', ''];
  }
  if (pathname === '/runner') {
    const urls = JSON.stringify(pages.map((page) => `/${page}`));
    const parameters = `const pages = ${urls}, widths = ${JSON.stringify(VIEWPORT_WIDTHS)};`;
    const script = await readFile(new URL('axe-runner.js', import.meta.url), 'utf8');
    return ['text/html', `<body><script>${parameters}\n${script}</script>`];
  }
  if (pathname === '/axe.js') return ['text/javascript', await readFile(AXE_PATH)];
  const type = CONTENT_TYPES[extname(pathname)] ?? 'application/octet-stream';
  const content = await readFile(join(SITE_DIRECTORY, pathname));
  if (!pathname.endsWith('.html')) return [type, content];
  return [type, String(content).replace('</head>', '<script src="/axe.js"></script></head>')];
}

const { port } = server.address() as AddressInfo;
const url = `http://127.0.0.1:${port}/runner`;
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0'];
const browser = execa('chromium', [...flags, url], { reject: false, timeout: TIMEOUT_MS });
const failure = browser.then(({ stderr = '', shortMessage }) => {
  throw new Error(`chromium ended before the check: ${shortMessage} ${stderr.slice(-500)}`);
});
try {
  const findings = await Promise.race([received, failure]);
  const serious = findings.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  for (const { page, id, impact, targets } of serious) {
    console.log(`${page}: ${id} (${impact}): ${targets.join(' | ')}`);
  }
  console.log(
    `${pages.length} pages, ${VIEWPORT_WIDTHS.length} widths, 2 themes: ${serious.length} serious findings, ${findings.length - serious.length} minor ones`,
  );
  process.exitCode = serious.length > 0 ? 1 : 0;
} finally {
  browser.kill();
  server.close();
  server.closeAllConnections();
}
