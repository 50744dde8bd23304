import { MAX_STOP_MS, requireServiceManager, stopAgent } from '../../agent/service.ts';
import { Interrupted } from '../../base/interrupted.ts';
import type { Run } from '../../run.ts';

/** Stops the agent before the removal if `stop_agent` is set. Otherwise does nothing. */
export interface AgentStopper {
  /** Stops the agent. `remainingMs` is the remaining budget of the run. */
  stop(remainingMs: number): Promise<void>;
  /**
   * Runs `work`, which may call `stop`. If `work` fails after the agent was asked to stop, adds a
   * warning that says so.
   */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Returns an AgentStopper for this host.
 * @throws LocalActionFailed when nothing on this host can stop the agent
 */
export function agentStopper(run: Run, isRequested: boolean): AgentStopper {
  if (!isRequested) return { stop: async () => {}, during: (work) => work() };
  const manager = requireServiceManager(process.env['PATH'] ?? '');
  let wasAskedToStop = false;
  return {
    async stop(remainingMs) {
      const limitMs = Math.min(MAX_STOP_MS, remainingMs);
      const endWait = run.report.showWait('for the agent to stop', limitMs);
      try {
        await stopAgent(manager, limitMs, run.signal);
        wasAskedToStop = true;
      } catch (error) {
        wasAskedToStop = error instanceof Interrupted;
        throw error;
      } finally {
        endWait();
      }
    },
    async during(work) {
      try {
        return await work();
      } catch (error) {
        if (wasAskedToStop) {
          run.report.warn(
            'The agent was asked to stop before this failure. Start jcagent again, or run this module again.',
          );
        }
        throw error;
      }
    },
  };
}
