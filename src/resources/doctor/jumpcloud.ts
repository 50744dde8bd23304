import type { Identity } from '../../agent/identity.ts';
import { describeAssociationList } from '../../api/associations.ts';
import { type GraphList, readGraphPage } from '../../api/graph.ts';
import { MEMBERSHIP_LIST } from '../../api/memberships.ts';
import { readSystem, type SystemRecord } from '../../api/systems.ts';
import { USER_LIST } from '../../api/users.ts';
import { ASSOCIATION_TYPES } from '../../base/named-kinds.ts';
import type { Run } from '../../run.ts';
import type { Destination } from '../../transport/connect/destination.ts';
import { type HostSession, openHostSession } from '../../transport/host-session.ts';
import { usesAgentRegion } from '../../transport/open-session.ts';
import {
  type Finding,
  type Findings,
  failedFinding,
  okFinding,
  skippedFinding,
  warningFinding,
} from './check.ts';
import { checkClock } from './clock.ts';

/**
 * Reads this host's record and the first page of each list. Makes the checks that need JumpCloud's
 * answers.
 */
export async function checkJumpCloud(
  run: Run,
  identity: Identity,
  agentServerHost: string | undefined,
  destination: Destination,
  findings: Findings,
): Promise<void> {
  const session = await openHostSession(
    copyRunWithoutWarnings(run),
    identity,
    usesAgentRegion(agentServerHost, destination.origin),
    destination,
  );
  run.report.setApiReport(() => session.report());
  try {
    const record = await readRecord(session, findings);
    findings.clock = checkClock(session.clock.offsetInSeconds());
    if (record === undefined) {
      findings.enrolment = findings.access = skippedFinding('it depends on authorization');
      return;
    }
    findings.enrolment = judgeEnrolment(record);
    findings.access = await checkAccess(session);
  } finally {
    session.close();
  }
}

/**
 * Returns a copy of the run that discards warnings, because the checks already report the problems
 * that a session warns about.
 */
function copyRunWithoutWarnings({ module, signal, report }: Run) {
  return {
    module,
    signal,
    report: {
      warn() {},
      addSecret: (secret: string) => report.addSecret(secret),
      maskSecrets: (text: string) => report.maskSecrets(text),
      showWait: (what: string, forMs: number) => report.showWait(what, forMs),
    },
  };
}

async function readRecord(
  session: HostSession,
  findings: Findings,
): Promise<SystemRecord | undefined> {
  try {
    const record = await readSystem(session);
    findings.authorization = okFinding('JumpCloud accepts the signature of this host.');
    return record;
  } catch (error) {
    findings.authorization = failedFinding(error);
    return undefined;
  }
}

function judgeEnrolment({ provisionMetadata }: SystemRecord): Finding {
  const type = provisionMetadata?.provisioner?.type;
  switch (type) {
    case 'mdm':
    case 'user':
      return warningFinding(
        `This host was enrolled ${type === 'mdm' ? 'by MDM' : 'through the User Portal'}. JumpCloud still accepts its requests, but offers System Context only to hosts that an administrator enrolled.`,
        'If JumpCloud stops accepting this host, re-enrol the host with a connect key.',
      );
    case 'administrator':
      return okFinding(
        'This host was enrolled by an administrator (with a connect key), so it is allowed to use System Context.',
      );
    default:
      return okFinding('JumpCloud accepts this host, but does not report how it was enrolled.');
  }
}

const ACCESS_LISTS: readonly GraphList[] = [
  MEMBERSHIP_LIST,
  USER_LIST,
  ...ASSOCIATION_TYPES.map((type) => describeAssociationList(type)),
];

/**
 * Checks that this host's lists of system groups, users and associations can be read. Reads the
 * first page of each list, all lists in parallel.
 */
async function checkAccess(session: HostSession): Promise<Finding> {
  const reads = await Promise.allSettled(
    ACCESS_LISTS.map((list) => readGraphPage(session, list, { limit: 100, skip: 0 })),
  );
  const refused = reads.flatMap((read, i) =>
    read.status === 'rejected'
      ? [{ list: ACCESS_LISTS[i]?.name, failure: failedFinding(read.reason) }]
      : [],
  );
  const [first, ...others] = refused;
  if (first === undefined) return okFinding('System groups, users and associations can be read.');
  const more =
    others.length === 0 ? '' : ` Also failed: ${others.map(({ list }) => list).join(', ')}.`;
  return { ...first.failure, detail: `${first.failure.detail}${more}` };
}
