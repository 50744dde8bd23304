import { type ErrorCode, ModuleError } from '../../base/errors.ts';
import type { Outcome, Run } from '../../run.ts';
import type { SessionOptions } from '../../transport/open-session.ts';
import { checkAgentService } from './agent-service.ts';
import {
  CHECKS,
  type Failure,
  type Finding,
  type Findings,
  findFirstFailedCheck,
  reportFindings,
  skippedFinding,
} from './check.ts';
import { checkIdentity } from './identity.ts';
import { checkJumpCloud } from './jumpcloud.ts';
import { checkNetwork } from './network.ts';
import { checkRuntime } from './runtime.ts';

/** The maximum time to wait for the service manager, in milliseconds. */
const SERVICE_TIMEOUT_MS = 5000;

/** At least one check failed. The error code is that of the first failed check. */
class ChecksFailed extends ModuleError {
  readonly code: ErrorCode;

  constructor(message: string, { code, details }: Failure) {
    super(message, { details });
    this.code = code;
  }
}

/**
 * Makes all checks and returns the outcome of the run.
 * @throws ChecksFailed if a check failed
 */
export async function examineHost(run: Run, options: SessionOptions): Promise<Outcome> {
  const findings: Findings = {};
  run.report.setProgress(() => ({ changed: false, checks: reportFindings(findings) }));
  await runChecks(run, options, findings);
  const msg = summarize(findings);
  for (const check of CHECKS) {
    const finding = findings[check];
    if (finding?.status === 'failed') throw new ChecksFailed(msg, finding);
  }
  return { changed: false, msg, fields: { checks: reportFindings(findings) } };
}

async function runChecks(run: Run, options: SessionOptions, findings: Findings): Promise<void> {
  findings.runtime = checkRuntime(process.versions.node, process.execPath, Date.now());
  const { origin, agentServerHost, identity } = await checkIdentity(run, options, findings);
  const serviceLimit = Math.min(SERVICE_TIMEOUT_MS, options.timeout * 1000);
  const service = checkAgentService(serviceLimit, run.signal).then((finding) => {
    findings.agent_service = finding;
  });
  const network = async () => {
    const destination = await checkNetwork(run, origin, options, findings);
    const brokenCheck = findFirstFailedCheck(findings, PREREQUISITE_CHECKS);
    if (destination !== undefined && identity !== undefined) {
      await checkJumpCloud(run, identity, agentServerHost, destination, findings);
    } else {
      const reason = skippedFinding(`it depends on ${brokenCheck}`);
      for (const check of JUMPCLOUD_CHECKS) findings[check] = reason;
    }
  };
  await Promise.all([service, network()]);
}

const PREREQUISITE_CHECKS = [
  'agent_directory',
  'registration',
  'key',
  'proxy',
  'name_resolution',
  'connection',
  'certificate',
] as const;

const JUMPCLOUD_CHECKS = ['clock', 'authorization', 'enrolment', 'access'] as const;

/**
 * Returns a sentence that counts the outcomes, and names the checks that failed or have a warning.
 */
function summarize(findings: Findings): string {
  const withStatus = (status: Finding['status']) =>
    CHECKS.filter((check) => findings[check]?.status === status);
  const warned = withStatus('warning');
  const failed = withStatus('failed');
  const skippedCount = withStatus('skipped').length;
  const parts = [
    failed.length > 0
      ? `${failed.length} of ${CHECKS.length} checks failed (${failed.join(', ')})`
      : `None of ${CHECKS.length} checks failed`,
    ...(warned.length > 0
      ? [
          `${warned.length} ${warned.length === 1 ? 'has' : 'have'} a warning (${warned.join(', ')})`,
        ]
      : []),
    ...(skippedCount > 0 ? [`${skippedCount} ${skippedCount === 1 ? 'was' : 'were'} skipped`] : []),
  ];
  return `${parts.join(', ')}.`;
}
