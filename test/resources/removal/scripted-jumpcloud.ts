import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request is answered; `cut` closes the connection instead. */
export type Scripted =
  | 'cut'
  | { readonly status: number; readonly text: string; readonly undated?: true };

/** An answer of JumpCloud's own form. */
export const jumpClouds = (status: number): Scripted => ({
  status,
  text: JSON.stringify({ message: String(status) }),
});

/** The same without a time. */
export const undated = (status: number): Scripted => ({
  status,
  text: JSON.stringify({ message: String(status) }),
  undated: true,
});

/** A gateway's page. */
export const page = (status: number): Scripted => ({ status, text: '<html>log in</html>' });

/** The record itself, in answer to reading or deleting it. */
export const record = (systemId: string): Scripted => ({
  status: 200,
  text: JSON.stringify({ _id: systemId }),
});

export type ScriptedJumpCloud = Awaited<ReturnType<typeof startScripted>>;

/** A server that answers as a function says, whoever signed. */
export async function startScripted(answer: (method: string) => Scripted) {
  const sent: string[] = [];
  const server = createServer((request, response) => {
    const { method = '' } = request;
    const scripted = answer(method);
    sent.push(`${method} ${scripted === 'cut' ? 'cut' : scripted.status}`);
    request.resume();
    if (scripted === 'cut') return void request.socket.destroy();
    response.sendDate = scripted.undated !== true;
    response.writeHead(scripted.status, { 'content-type': 'application/json' });
    response.end(scripted.text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The requests in the order of arrival, as `METHOD status`. */
    sent,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A script for each method; the last answer is repeated. */
export function script(answers: Readonly<Record<string, readonly Scripted[]>>) {
  const counts = new Map<string, number>();
  return (method: string): Scripted => {
    const list = answers[method] ?? [];
    const count = counts.get(method) ?? 0;
    counts.set(method, count + 1);
    const given = list[Math.min(count, list.length - 1)];
    if (given === undefined) throw new Error(`no answer to ${method} in the script`);
    return given;
  };
}
