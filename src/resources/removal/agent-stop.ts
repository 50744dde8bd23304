import { findStopCommand, STOP_TIMEOUT_MS, stopAgent } from '../../agent/service.ts';
import { Interrupted } from '../../base/errors.ts';
import type { Run } from '../../run.ts';

/** Stops the agent, if that was asked for, while something else is done. */
export interface AgentStop {
  stop(): Promise<void>;
  /** Does what the agent may be stopped for; when that fails, says that the agent is stopped. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/** @throws LocalActionFailed when nothing on this host can stop it */
export function agentStop(run: Run, isAsked: boolean): AgentStop {
  if (!isAsked) return { stop: async () => {}, during: (work) => work() };
  const command = findStopCommand(process.env['PATH'] ?? '');
  let isReported = false;
  return {
    async stop() {
      const over = run.report.showWait('for the agent to stop', STOP_TIMEOUT_MS);
      try {
        await stopAgent(command, run.signal);
        isReported = true;
      } catch (error) {
        isReported = error instanceof Interrupted;
        throw error;
      } finally {
        over();
      }
    },
    async during(work) {
      try {
        return await work();
      } catch (error) {
        if (isReported) {
          run.report.warn(
            'The agent was told to stop before that; start jcagent again unless you run again.',
          );
        }
        throw error;
      }
    },
  };
}
