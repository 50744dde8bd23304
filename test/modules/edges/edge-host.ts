import type { Emulator } from '../../emulator/emulator.ts';
import type { FaultRule, FaultTarget } from '../../emulator/faults.ts';
import { addSampleObjects } from '../../emulator/sample-objects.ts';
import type { EdgeAttributes, LoggedRequest } from '../../emulator/types.ts';
import { type Answer, type CallOptions, runModule } from '../../harness/executable.ts';
import {
  addEdge,
  type DesiredState,
  type EdgeKind,
  edgesOf,
  optionsFor,
  removeEdge,
  unmanagedState,
} from './edge-kind.ts';

/** A separate host in a shared emulator, for tests of one kind of edge. */
export interface EdgeHost {
  readonly systemId: string;
  readonly agentDir: string;
  /** Runs the module of this kind of edge with --diff. */
  run(
    desired: readonly DesiredState[],
    rest?: Record<string, unknown>,
    call?: CallOptions,
  ): Promise<Answer>;
  /** Returns the requests of this host since the last call of `takeRequests`. */
  takeRequests(): LoggedRequest[];
  /** Injects a fault into requests of this host. */
  fault(rule: FaultRule): void;
  addEdge(id: string, attributes?: EdgeAttributes): void;
  removeEdge(id: string): void;
  edges(): Map<string, EdgeAttributes>;
  unmanagedState(): unknown;
  remove(): Promise<void>;
}

/** Enrols a host that has edges of all kinds except `kind`. */
export async function enrolEdgeHost(emulator: Emulator, kind: EdgeKind): Promise<EdgeHost> {
  const { store } = emulator;
  const host = await emulator.enrol();
  const { systemId, agentDir } = host;
  addSampleObjects(store, systemId);
  for (const id of edgesOf(store, systemId, kind).keys()) removeEdge(store, systemId, kind, id);
  const takenRequests = new Set<LoggedRequest>();
  return {
    systemId,
    agentDir,
    async run(desired, rest = {}, call = {}) {
      const connection = { agent_dir: agentDir, api_url: emulator.url };
      const options = { ...connection, ...optionsFor(kind, desired), ...rest };
      const result = await runModule(kind.module, options, { flags: ['--diff'], ...call });
      return result.answer;
    },
    takeRequests() {
      const newRequests = emulator.requests.filter(
        (request) => request.systemId === systemId && !takenRequests.has(request),
      );
      for (const request of newRequests) takenRequests.add(request);
      return newRequests;
    },
    fault({ when, ...rule }) {
      const isOfHost = (request: FaultTarget) =>
        request.url.includes(systemId) || Object(request.body).id === systemId;
      emulator.faults.add({
        ...rule,
        when: (request) => isOfHost(request) && (when?.(request) ?? true),
      });
    },
    addEdge: (id, attributes) => addEdge(store, systemId, kind, id, attributes),
    removeEdge: (id) => removeEdge(store, systemId, kind, id),
    edges: () => edgesOf(store, systemId, kind),
    unmanagedState: () => unmanagedState(store, systemId, kind),
    remove: () => host.remove(),
  };
}

/** Returns the requests that may change something. */
export function writesOf(requests: readonly LoggedRequest[]): LoggedRequest[] {
  return requests.filter(({ method }) => method !== 'GET');
}
