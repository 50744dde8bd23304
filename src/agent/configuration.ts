import { BadIdentity, NotEnrolled } from '../base/errors.ts';
import { readAgentFile } from './read-agent-file.ts';
import { waitAdvice } from './wait-advice.ts';

/** What jcagent.conf says about this host. */
export interface Configuration {
  /** The system's id, 24 lower-case hexadecimal digits. */
  readonly systemKey: string;
  readonly agentServerHost: string | undefined;
}

/** There is no registration: no agent's folder, no configuration, or no systemKey in it. */
export class NoRegistration extends NotEnrolled {}

/**
 * Reads jcagent.conf, after `waited` seconds of waiting for a registration.
 * @throws NoRegistration when it is missing or has no systemKey yet
 * @throws BadIdentity when it is not what the agent writes
 */
export function readConfiguration(path: string, waitedSeconds = 0): Configuration {
  const file = readAgentFile(path);
  if (file === undefined) {
    throw new NoRegistration(
      `${path} does not exist: the JumpCloud agent is not installed here, or has not registered yet. Install it. ${waitAdvice(waitedSeconds)}`,
    );
  }
  const conf = parseObject(file.text, path);
  const systemKey = conf['systemKey'];
  if (systemKey === undefined || systemKey === null || systemKey === '') {
    throw new NoRegistration(
      `${path} has no systemKey: the agent has not finished registering. ${waitAdvice(waitedSeconds)}`,
    );
  }
  if (typeof systemKey !== 'string' || !/^[0-9a-f]{24}$/i.test(systemKey)) {
    throw new BadIdentity(
      `The systemKey in ${path} is not a system id (24 hexadecimal digits). Register the agent anew.`,
    );
  }
  const host = conf['agentServerHost'];
  return {
    systemKey: systemKey.toLowerCase(),
    agentServerHost: typeof host === 'string' && host !== '' ? host : undefined,
  };
}

/** The parser's own message is left out: it would quote the file, which may be a misplaced key. */
function parseObject(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadIdentity(`${path} is not JSON. Register the agent anew.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadIdentity(`${path} does not hold a JSON object. Register the agent anew.`);
  }
  return value as Record<string, unknown>;
}
