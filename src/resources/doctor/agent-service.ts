import { readServiceStatus } from '../../agent/service-status.ts';
import { type Finding, okFinding, skippedFinding, warningFinding } from './check.ts';

/**
 * Checks that the agent's service is installed and runs. Takes at most `timeoutMs` milliseconds.
 */
export async function checkAgentService(timeoutMs: number, signal: AbortSignal): Promise<Finding> {
  const status = await readServiceStatus(process.env['PATH'] ?? '', timeoutMs, signal);
  switch (status.state) {
    case 'running':
      return okFinding(`The agent's service is running, according to ${status.tool}.`);
    case 'stopped':
      return warningFinding(
        `The agent's service is not running, according to ${status.tool}.`,
        `Start it: ${status.startCommand}`,
      );
    case 'missing':
      return warningFinding(
        `The agent's service is not installed, according to ${status.tool}.`,
        'Install the JumpCloud agent, with the command that the Admin Portal shows when you add a device.',
      );
    default:
      return skippedFinding(status.reason);
  }
}
