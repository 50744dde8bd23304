import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The answer to a request. `cut` closes the connection without an answer. */
export type ScriptedAnswer =
  | 'cut'
  | { readonly status: number; readonly text: string; readonly undated?: true };

/** Returns an error in JumpCloud's format. */
export const jumpCloudError = (status: number): ScriptedAnswer => ({
  status,
  text: JSON.stringify({ message: String(status) }),
});

/** Returns an error in JumpCloud's format without a Date header. */
export const undatedError = (status: number): ScriptedAnswer => ({
  status,
  text: JSON.stringify({ message: String(status) }),
  undated: true,
});

/** Returns an HTML page, like the error page of a gateway. */
export const htmlPage = (status: number): ScriptedAnswer => ({
  status,
  text: '<html>log in</html>',
});

/** Returns the record, which is the answer to a GET or DELETE that succeeds. */
export const recordAnswer = (systemId: string): ScriptedAnswer => ({
  status: 200,
  text: JSON.stringify({ _id: systemId }),
});

/** Starts a server whose answers come from a function. It checks no signature. */
export async function startScriptedJumpCloud(answer: (method: string) => ScriptedAnswer) {
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
    /** The requests in the order of arrival, with the status of the answer: `METHOD status`. */
    sent,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Returns a function that gives the answers to each method in order, and then repeats the last one.
 */
export function answersInOrder(answers: Readonly<Record<string, readonly ScriptedAnswer[]>>) {
  const counts = new Map<string, number>();
  return (method: string): ScriptedAnswer => {
    const list = answers[method] ?? [];
    const count = counts.get(method) ?? 0;
    counts.set(method, count + 1);
    const answer = list[Math.min(count, list.length - 1)];
    if (answer === undefined) throw new Error(`The script has no answer to ${method}.`);
    return answer;
  };
}
