import { BadIdentity, NotEnrolled } from '../base/errors.ts';
import { readAgentFile } from './read-agent-file.ts';
import { waitAdvice } from './wait-advice.ts';

/** The fields of jcagent.conf that a run uses. */
export interface AgentConfiguration {
  /** The system's id, 24 lower-case hexadecimal digits. */
  readonly systemKey: string;
  readonly agentServerHost: string | undefined;
}

const REGISTER_AGAIN_ADVICE = 'Register the agent again.';

/**
 * The error for a host that is not registered: it has no agent directory, no jcagent.conf, or no
 * systemKey in the file.
 */
export class NoRegistration extends NotEnrolled {}

/**
 * Reads jcagent.conf. `waitedSeconds` is the time that the run has already waited for the
 * registration.
 * @throws NoRegistration when the file is missing or has no systemKey yet
 * @throws BadIdentity when the file cannot be read, or its content is not what the agent writes
 */
export function readConfiguration(path: string, waitedSeconds = 0): AgentConfiguration {
  const file = readAgentFile(path);
  if (file === undefined) {
    throw new NoRegistration([
      `${path} does not exist: the JumpCloud agent is not installed here, or has not registered yet.`,
      `Install the agent. ${waitAdvice(waitedSeconds)}`,
    ]);
  }
  const fields = parseObject(file.text, path);
  const systemKey = fields['systemKey'];
  if (systemKey === undefined || systemKey === null || systemKey === '') {
    throw new NoRegistration([
      `${path} has no systemKey: the agent has not finished registering.`,
      waitAdvice(waitedSeconds),
    ]);
  }
  if (typeof systemKey !== 'string' || !/^[0-9a-f]{24}$/i.test(systemKey)) {
    throw new BadIdentity([
      `The systemKey in ${path} is not a system id (24 hexadecimal digits).`,
      REGISTER_AGAIN_ADVICE,
    ]);
  }
  const serverHost = fields['agentServerHost'];
  return {
    systemKey: systemKey.toLowerCase(),
    agentServerHost: typeof serverHost === 'string' && serverHost !== '' ? serverHost : undefined,
  };
}

/**
 * Parses a JSON object. The error does not contain the parser's message: that message quotes the
 * file, and someone may have put a private key into the file by mistake.
 */
function parseObject(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadIdentity([`${path} is not JSON.`, REGISTER_AGAIN_ADVICE]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadIdentity([`${path} does not hold a JSON object.`, REGISTER_AGAIN_ADVICE]);
  }
  return value as Record<string, unknown>;
}
