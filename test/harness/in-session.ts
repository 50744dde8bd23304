import { readRegistration } from '../../src/agent/registration.ts';
import { RunReport } from '../../src/protocol/run-report.ts';
import type { Run } from '../../src/run.ts';
import type { HostSession } from '../../src/transport/host-session.ts';
import { withSessionForRegistration } from '../../src/transport/open-session.ts';

/** Returns the context of a run without progress output. `report` is the report of the run. */
export function quietRun(): Run & { readonly report: RunReport } {
  const { signal } = new AbortController();
  return { module: 'jumpcloud_test', check: false, signal, report: new RunReport() };
}

/** Calls `work` with a session of the host that `connection` selects. */
export function inSession<T>(
  connection: { readonly agent_dir: string; readonly api_url: string },
  work: (session: HostSession, run: Run & { readonly report: RunReport }) => T | Promise<T>,
): Promise<T> {
  const run = quietRun();
  const options = {
    ...connection,
    region: 'auto',
    ca_path: undefined,
    proxy: undefined,
    system_id: undefined,
    timeout: 30,
    request_timeout: 10,
  } as const;
  const registration = readRegistration(connection.agent_dir, 0, (id) =>
    run.report.setSystemId(id),
  );
  return withSessionForRegistration(run, registration, options, {
    requests: 1,
    do: async (session) => work(session, run),
  });
}
