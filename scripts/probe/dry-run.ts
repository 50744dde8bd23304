import { startEmulator } from '../../test/emulator/emulator.ts';
import { addDynamicGroup } from '../../test/emulator/sample-objects.ts';
import { takeCredentials } from './credentials.ts';
import { toReportedExchange } from './report.ts';
import { requestLine } from './report-markdown.ts';
import { runProbe } from './run-probe.ts';

/**
 * Prints the requests that a run would send. Runs the probe against an emulator in this process,
 * which answers as the modules assume.
 */
export async function dryRun(deletesRecord: boolean, print: (line: string) => void): Promise<void> {
  const emulator = await startEmulator();
  const host = await emulator.enrol({ record: { systemInsights: { state: 'enabled' } } });
  addDynamicGroup(emulator.store, [host.systemId]);
  emulator.store.addNamed('policy', 'emulated');
  const apiKey = emulator.store.addApiKey();
  const lines = createLineCollapser(print);
  try {
    await runProbe({
      agentDir: host.agentDir,
      apiUrl: emulator.url,
      credentials: takeCredentials({ JUMPCLOUD_API_KEY: apiKey }),
      deletesRecord,
      stop: new AbortController().signal,
      settleMs: 0,
      onExchange: (exchange, anonymiser) =>
        lines.add(`    ${requestLine(toReportedExchange(exchange, anonymiser))}`),
      onProgress: (line) => {
        // Prints only the steps, because the answers come from the emulator.
        if (!line.startsWith(' ')) lines.add(line);
      },
    });
    lines.end();
  } finally {
    await emulator.close();
    await host.remove();
  }
}

/** Prints a line that is repeated directly after itself only once. */
function createLineCollapser(print: (line: string) => void) {
  let last: string | undefined;
  let times = 0;
  const end = () => {
    if (last !== undefined) print(times > 1 ? `${last}  (${times} times)` : last);
  };
  const add = (line: string) => {
    if (line === last) {
      times++;
      return;
    }
    end();
    last = line;
    times = 1;
  };
  return { add, end };
}
