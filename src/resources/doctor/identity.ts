import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { requireAgentDirectory } from '../../agent/agent-directory.ts';
import { awaitRegistration } from '../../agent/await-registration.ts';
import { type AgentConfiguration, readConfiguration } from '../../agent/configuration.ts';
import { type Identity, loadIdentity } from '../../agent/identity.ts';
import { type KeyFile, readKeyFile } from '../../agent/key-file.ts';
import { agentFileError } from '../../agent/read-agent-file.ts';
import { requireNotRemoved } from '../../agent/registration.ts';
import { requireSystem } from '../../agent/require-system.ts';
import { NotEnrolled } from '../../base/errors.ts';
import type { Run } from '../../run.ts';
import { originFor, type SessionOptions } from '../../transport/open-session.ts';
import {
  type Finding,
  type Findings,
  failedFinding,
  okFinding,
  skippedFinding,
  warningFinding,
} from './check.ts';

/** The parts of this host's identity that could be read. */
export interface HostIdentity {
  /** The origin of JumpCloud's API for this host. */
  readonly origin: string;
  readonly agentServerHost: string | undefined;
  /** The identity that signs requests; undefined when this host cannot sign requests. */
  readonly identity: Identity | undefined;
}

/**
 * Checks the agent's directory, registration and key. With `registration_timeout`, waits for the
 * registration first.
 * @throws InvalidArguments when `system_id` is not the id of this host's system
 */
export async function checkIdentity(
  run: Run,
  options: SessionOptions,
  findings: Findings,
): Promise<HostIdentity> {
  const { agent_dir, system_id } = options;
  const waitedSeconds = await waitForRegistration(run, options);
  let configuration: AgentConfiguration | undefined;
  let keyFile: KeyFile | undefined;
  let identity: Identity | undefined;
  findings.agent_directory = checkDirectory(agent_dir, waitedSeconds);
  if (findings.agent_directory.status === 'failed') {
    findings.registration = findings.key = skippedFinding('it depends on agent_directory');
  } else {
    try {
      configuration = readConfiguration(join(agent_dir, 'jcagent.conf'), waitedSeconds);
      run.report.setSystemId(configuration.systemKey);
      requireNotRemoved(agent_dir, configuration.systemKey);
      findings.registration = okFinding(`This host is system ${configuration.systemKey}.`);
    } catch (error) {
      findings.registration = failedFinding(error);
    }
    const systemId = configuration?.systemKey ?? '';
    try {
      keyFile = readKeyFile(join(agent_dir, 'client.key'), waitedSeconds);
      identity = await loadIdentity({ agentDir: agent_dir, systemId, keyFile });
      findings.key = judgeKey(keyFile, identity);
    } catch (error) {
      findings.key =
        configuration === undefined && error instanceof NotEnrolled
          ? skippedFinding('it depends on registration')
          : failedFinding(error);
    }
  }
  const isRegistered = findings.registration?.status === 'ok';
  const { systemKey, agentServerHost } = configuration ?? {};
  // A host without a key is not enrolled. The checks report that, so `system_id` is not compared.
  if (isRegistered && systemKey && keyFile) requireSystem(system_id, systemKey);
  const origin = originFor(agentServerHost, options, (reason, advice) => {
    if (isRegistered) findings.registration = warningFinding(reason, advice);
  });
  return { origin, agentServerHost, identity: isRegistered ? identity : undefined };
}

/**
 * Waits for the registration. Returns `registration_timeout` if the wait failed, and 0 otherwise.
 */
async function waitForRegistration(run: Run, options: SessionOptions): Promise<number> {
  const { registration_timeout } = options;
  if (registration_timeout === 0) return 0;
  try {
    // The wait does not compare `system_id`. `checkIdentity` compares it later, after it has
    // checked the agent's files.
    await awaitRegistration({ ...options, system_id: undefined }, run);
    return 0;
  } catch (error) {
    // Only rethrows an interruption or a bug. The checks will find every other error again.
    failedFinding(error);
    return registration_timeout;
  }
}

function checkDirectory(agentDir: string, waitedSeconds: number): Finding {
  try {
    requireAgentDirectory(agentDir, waitedSeconds);
    requireAccess(agentDir);
    return okFinding(`${agentDir} can be read.`);
  } catch (error) {
    return failedFinding(error);
  }
}

function requireAccess(directory: string): void {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch (error) {
    throw agentFileError(directory, (error as NodeJS.ErrnoException).code);
  }
}

const READABLE_BY_GROUP_OR_OTHERS = 0o044;

function judgeKey({ path, mode }: KeyFile, { keyMatchesCertificate }: Identity): Finding {
  if (mode & READABLE_BY_GROUP_OR_OTHERS) {
    return warningFinding(
      `${path} can be read by users other than its owner (mode ${mode.toString(8)}).`,
      `Run: chmod 600 ${path}`,
    );
  }
  return okFinding(
    keyMatchesCertificate
      ? `${path} is an RSA key and belongs to client.crt.`
      : `${path} is an RSA key. There is no usable client.crt to compare it with.`,
  );
}
