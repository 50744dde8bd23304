import type { Emulator } from '../../emulator/emulator.ts';
import type { FaultRule, FaultTarget } from '../../emulator/faults.ts';
import { enrolForCalls } from '../../emulator/furnish.ts';
import type { EdgeAttributes, LoggedRequest } from '../../emulator/types.ts';
import { type Answer, type CallOptions, runModule } from '../../harness/executable.ts';
import {
  asking,
  cut,
  type DesiredState,
  type EdgeKind,
  edgesOf,
  everythingElse,
  tie,
} from './edge-kind.ts';

/** A host of its own in an emulator that tests share, seen through one kind of its edges. */
export interface EdgeHost {
  readonly systemId: string;
  readonly agentDir: string;
  /** Runs the kind's executable, with a diff. */
  run(
    desired: readonly DesiredState[],
    rest?: Record<string, unknown>,
    call?: CallOptions,
  ): Promise<Answer>;
  /** Takes the requests of this host since the last time. */
  takeRequests(): LoggedRequest[];
  /** What is asked of requests like `request` of this host goes wrong. */
  fault(rule: FaultRule): void;
  tie(id: string, attributes?: EdgeAttributes): void;
  cut(id: string): void;
  edges(): Map<string, EdgeAttributes>;
  everythingElse(): unknown;
  remove(): Promise<void>;
}

/** Enrols a host that has something of every other kind of edges already. */
export async function enrolFor(emulator: Emulator, kind: EdgeKind): Promise<EdgeHost> {
  const { store } = emulator;
  const host = await emulator.enrol();
  const { systemId, agentDir } = host;
  enrolForCalls(store, systemId);
  for (const id of edgesOf(store, systemId, kind).keys()) cut(store, systemId, kind, id);
  const taken = new Set<LoggedRequest>();
  return {
    systemId,
    agentDir,
    async run(desired, rest = {}, call = {}) {
      const connection = { agent_dir: agentDir, api_url: emulator.url };
      const options = { ...connection, ...asking(kind, desired), ...rest };
      const ran = await runModule(kind.module, options, { flags: ['--diff'], ...call });
      return ran.answer;
    },
    takeRequests() {
      const fresh = emulator.requests.filter(
        (request) => request.systemId === systemId && !taken.has(request),
      );
      for (const request of fresh) taken.add(request);
      return fresh;
    },
    fault({ when, ...rule }) {
      const ours = (request: FaultTarget) =>
        request.url.includes(systemId) || Object(request.body).id === systemId;
      emulator.faults.add({
        ...rule,
        when: (request) => ours(request) && (when?.(request) ?? true),
      });
    },
    tie: (id, attributes) => tie(store, systemId, kind, id, attributes),
    cut: (id) => cut(store, systemId, kind, id),
    edges: () => edgesOf(store, systemId, kind),
    everythingElse: () => everythingElse(store, systemId, kind),
    remove: () => host.remove(),
  };
}

/** Those requests that may change something. */
export function writesOf(requests: readonly LoggedRequest[]): LoggedRequest[] {
  return requests.filter(({ method }) => method !== 'GET');
}
