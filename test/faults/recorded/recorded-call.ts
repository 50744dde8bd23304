import { execa } from 'execa';
import { type Emulator, type EnrolledHost, startEmulator } from '../../emulator/emulator.ts';
import type { Fault, FaultRule, FaultTarget } from '../../emulator/faults.ts';
import { executablePath, type ModuleName } from '../../harness/executable.ts';
import fc from '../../harness/fast-check.ts';
import { WRITING_MODULES } from '../../harness/sample-calls.ts';
import { oddCalls } from '../odd-calls.ts';
import { Random } from '../random.ts';
import { addRandomObjects, type IdsByType, randomOptions } from '../random-calls.ts';

/** The answer and the requests of a call. Values that differ between runs are masked. */
export interface RecordedCall {
  readonly seed: number;
  readonly module: ModuleName;
  readonly exitCode: number | undefined;
  readonly stdout: unknown;
  readonly stderr: string;
  /** Sorted, because parallel requests arrive in any order. */
  readonly requests: readonly string[];
}

interface Call {
  readonly module: ModuleName;
  readonly words: readonly string[];
  readonly input?: string | undefined;
}

const FLAGS = ['--check', '--diff', '--detailed-exitcode'];

/** Faults whose effect on a call does not depend on time. Each fault hits one request once. */
const FAULTS: readonly Fault[] = [
  ...[429, 500, 502, 503].map((status) => ({ kind: 'status', status }) as const),
  ...[400, 401, 403, 404, 409, 422].map(
    (status) => ({ kind: 'status', status, text: '{"message":"refused"}' }) as const,
  ),
  { kind: 'reset-before' },
  { kind: 'reset-after' },
  { kind: 'ignored-write' },
  { kind: 'redirect', location: 'https://elsewhere.example/' },
  { kind: 'body', text: '<html></html>' },
];

/** Makes the random call that belongs to a seed, on a new host in a new organisation. */
export async function recordCall(seed: number): Promise<RecordedCall> {
  const emulator = await startEmulator({ seed });
  const host = await emulator.enrol();
  try {
    const random = new Random(seed);
    const idsByType = addRandomObjects(emulator.store, [host.systemId], random);
    const call = makeRandomCall(seed, random, emulator, host, idsByType);
    if (random.chance(0.3)) emulator.faults.add(makeRandomFault(random, idsByType));
    const { stdout, stderr, exitCode } = await execa(executablePath(call.module), call.words, {
      ...(call.input === undefined ? { stdin: 'ignore' } : { input: call.input }),
      reject: false,
      timeout: 60_000,
    });
    const maskText = (text: string) => mask(text, emulator, host);
    return {
      seed,
      module: call.module,
      exitCode,
      stdout: parseJson(maskText(stdout)),
      stderr: maskText(stderr),
      requests: emulator.requests
        .map(({ method, url, status, body }) =>
          maskText(`${method} ${url} ${status} ${JSON.stringify(body) ?? ''}`),
        )
        .sort(),
    };
  } finally {
    await emulator.close();
    await host.remove();
  }
}

/**
 * Returns a fault that selects requests by method and content, chosen at random. A fault for the
 * nth request would hit different requests in each run, because parallel requests arrive in any
 * order.
 */
function makeRandomFault(random: Random, idsByType: IdsByType): FaultRule {
  const urlPart = random.pick(
    '/memberof',
    '/users',
    'targets=user&',
    'targets=command',
    '/api/systems/',
  );
  const id = random.pick(...Object.values(idsByType).flat());
  const method = random.pick('GET', 'GET', 'PUT', 'POST', 'DELETE');
  const isHit = ({ url, body }: FaultTarget) =>
    method === 'POST' ? url.includes(id) || Object(body).id === id : url.includes(urlPart);
  return {
    fault: random.pick(...FAULTS),
    when: (request) => request.method === method && (method === 'PUT' || isHit(request)),
  };
}

function makeRandomCall(
  seed: number,
  random: Random,
  emulator: Emulator,
  host: EnrolledHost,
  idsByType: IdsByType,
): Call {
  const connection = { agent_dir: host.agentDir, api_url: emulator.url, timeout: 15 };
  const flags = random.pickSome(FLAGS, 2);
  const kind = random.pick('write', 'write', 'write', 'info', 'names', 'odd');
  if (kind === 'odd') return makeOddCall(seed, connection, idsByType);
  if (kind === 'info') {
    return { module: 'jumpcloud_system_info', words: [JSON.stringify(connection), ...flags] };
  }
  if (kind === 'names') return makeNamesCall(random, emulator, idsByType);
  const module = random.pick(...WRITING_MODULES);
  const subject = { systemId: host.systemId, idsByType, isCrowded: false };
  const options = randomOptions(module, subject, random);
  const verbosity = random.chance(0.2) ? { _ansible_verbosity: 2 } : {};
  const text = JSON.stringify({ ...connection, ...options, ...verbosity });
  return random.chance(0.2)
    ? { module, words: ['-', ...flags], input: text }
    : { module, words: [text, ...flags] };
}

function makeOddCall(
  seed: number,
  connection: Record<string, unknown>,
  idsByType: IdsByType,
): Call {
  const fixedOptions = {
    ...connection,
    request_timeout: 5,
    registration_timeout: 0,
    settle: 0,
    stop_agent: false,
    proxy: null,
  };
  const context = {
    ids: Object.values(idsByType).flat(),
    paths: [String(connection['agent_dir']), '/dev/null', '/nowhere'],
    urls: [String(connection['api_url'])],
    fixedOptions,
  };
  const isCallable = ({ words }: Call) =>
    words.every(
      (word) => !word.includes('\0') && !/\p{Surrogate}/u.test(word) && word.length < 100_000,
    );
  const [call] = fc.sample(oddCalls(context).filter(isCallable), { numRuns: 1, seed });
  if (call === undefined) throw new Error(`seed ${seed} gives no call`);
  return { ...call, input: call.input ?? '' };
}

function makeNamesCall(random: Random, emulator: Emulator, idsByType: IdsByType): Call {
  const nameOf = (type: keyof IdsByType) => (id: string) =>
    emulator.store.descriptionOf(type, id).name;
  const some = (type: keyof IdsByType) => random.pickSome(idsByType[type], 8).map(nameOf(type));
  const options = {
    api_key: emulator.store.addApiKey(),
    api_url: emulator.url,
    timeout: 15,
    system_groups: random.pick<unknown>('all', [...some('system_group'), 'web']),
    users: some('user').concat(random.pickSome(['missing', 'grace'], 1)),
    policies: random.pick<unknown>('all', ['baseline']),
  };
  return { module: 'jumpcloud_names', words: [JSON.stringify(options)] };
}

/** Masks values that differ between runs: addresses, directories, times and durations. */
function mask(text: string, { port }: Emulator, { agentDir }: EnrolledHost): string {
  return text
    .replaceAll(agentDir, 'AGENT_DIR')
    .replaceAll(`127.0.0.1:${port}`, 'EMULATOR')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replace(/"(elapsed|clock_offset)":-?[\d.]+/g, '"$1":0')
    .replace(/\b\d+(\.\d+)? s\b/g, 'N s')
    .replace(/\bprocess \d+/g, 'process PID');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
