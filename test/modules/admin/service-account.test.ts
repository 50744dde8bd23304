import { afterEach, beforeEach, describe, expect, vi } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import type { Fault } from '../../emulator/faults.ts';
import { READ_ONLY_ROLE, type ServiceAccount } from '../../emulator/service-accounts.ts';
import { runModule } from '../../harness/executable.ts';
import { test } from '../../harness/fixture.ts';
import { callAdminModule, separateTokenRequests, serviceAccountOptions } from './admin-call.ts';

const MODULE = 'jumpcloud_names';
let emulator: Emulator;
let account: ServiceAccount;
test.beforeEach(async ({ emulator: shared }) => {
  emulator = shared;
  emulator.clearRequests();
  emulator.faults.clear();
  account = emulator.store.serviceAccounts.add({ role: READ_ONLY_ROLE });
});
beforeEach(() => {
  for (const name of ['API_KEY', 'ORG_ID', 'CLIENT_ID', 'CLIENT_SECRET']) {
    vi.stubEnv(`JUMPCLOUD_${name}`, undefined);
  }
});
afterEach(() => void vi.unstubAllEnvs());

const call = (options: Record<string, unknown>) =>
  callAdminModule(MODULE, {
    ...serviceAccountOptions(emulator, account),
    _ansible_verbosity: 3,
    ...options,
  });
const isTokenRequest = ({ url }: { url: string }) => url === '/oauth2/token';
const isApiRequest = (request: { url: string }) => !isTokenRequest(request);
const addFault = (fault: Fault, when: typeof isTokenRequest, times = 1, skip = 0) =>
  emulator.faults.add({ fault, when, times, skip });

describe('a service account', () => {
  test('parallel requests share one access token', async () => {
    const { store } = emulator;
    const web = store.addNamed('system_group', 'sa-web');
    const ada = store.addNamed('user', 'sa-ada');
    const options = {
      ...serviceAccountOptions(emulator, account),
      policies: 'all',
      commands: 'all',
    };
    const { answer } = await runModule(MODULE, {
      ...options,
      system_groups: ['sa-web'],
      users: ['sa-ada'],
      _ansible_verbosity: 2,
    });
    expect(answer, answer.msg).toMatchObject({
      names: { system_group: { 'sa-web': web }, user: { 'sa-ada': ada } },
      api: { base_url: emulator.url, requests: 5, retries: 0 },
    });
    const { tokens, others } = separateTokenRequests(emulator);
    expect(tokens).toMatchObject([
      { method: 'POST', body: 'grant_type=client_credentials&scope=api', status: 200 },
    ]);
    const [token = ''] = [...store.serviceAccounts.tokens.keys()].slice(-1);
    expect(new Set(others.map(({ authorization }) => authorization))).toEqual(
      new Set([`Bearer ${token}`]),
    );
    expect(others.every(({ apiKey, orgId }) => (apiKey ?? orgId) === undefined)).toBe(true);
  });

  test('a call that needs no request fetches no token', async () => {
    const answer = await call({ users: ['0123456789abcdef01234567'] });
    expect(answer, answer.msg).toMatchObject({ changed: false, api: { requests: 0 } });
    expect(emulator.requests).toEqual([]);
  });

  test('a run replaces a revoked token once and continues', async () => {
    const { store } = emulator;
    for (let i = 0; i < 150; i++) store.addNamed('policy_group', `sa-${i}`);
    const revoke: Fault = {
      kind: 'concurrent',
      when: 'after',
      change: ({ serviceAccounts }) => serviceAccounts.tokens.clear(),
    };
    addFault(revoke, isApiRequest);
    const answer = await call({ policy_groups: 'all' });
    expect(answer, answer.msg).toMatchObject({ changed: false });
    const { tokens, others } = separateTokenRequests(emulator);
    expect(others.map(({ status }) => status)).toEqual([200, 401, 200]);
    expect(tokens).toHaveLength(2);
  });

  test('parallel requests with a refused token share one new token', async () => {
    addFault({ kind: 'status', status: 401, text: '{"message":"Unauthorized"}' }, isApiRequest, 3);
    const answer = await call({ policies: 'all', commands: 'all', user_groups: 'all' });
    expect(answer, answer.msg).toMatchObject({ changed: false });
    expect(separateTokenRequests(emulator).tokens).toHaveLength(2);
  });

  test('a run renews a token before it expires', async () => {
    account.lifetime = 0.6;
    for (let i = 0; i < 250; i++) emulator.store.addNamed('policy', `slow-${i}`);
    addFault({ kind: 'slow', ms: 200 }, isApiRequest, 9);
    const answer = await call({ policies: 'all' });
    expect(answer, answer.msg).toMatchObject({ changed: false });
    const { tokens, others } = separateTokenRequests(emulator);
    expect(tokens.length).toBeGreaterThan(1);
    expect(others.map(({ status }) => status)).toEqual(others.map(() => 200));
  });

  test('a run fails with the error code `unauthorized` if JumpCloud refuses two tokens with 401', async () => {
    addFault({ kind: 'status', status: 401, text: '{"message":"Unauthorized"}' }, isApiRequest, 9);
    const answer = await call({ policies: 'all' });
    expect(answer).toMatchObject({ failed: true, error: { code: 'unauthorized', status: 401 } });
    expect(answer.msg).toMatch(
      /access token \(401\)\. Possible causes: \(1\).*region.*\(2\).*role/,
    );
    expect(separateTokenRequests(emulator).tokens).toHaveLength(2);
  });

  test('the old and the new secret of a service account are both accepted; the old one is refused once it is deleted', async () => {
    const [old = ''] = account.secrets;
    const next = emulator.store.serviceAccounts.newSecret();
    account.secrets.add(next);
    for (const client_secret of [old, next]) {
      expect(await call({ client_secret, policies: 'all' })).toMatchObject({ changed: false });
    }
    account.secrets.delete(old);
    const refused = await call({ client_secret: old, policies: 'all' });
    expect(refused).toMatchObject({
      error: {
        code: 'unauthorized',
        status: 401,
        jumpcloud_message: 'Client authentication failed',
      },
    });
    expect(refused.msg).toMatch(
      /client_id and client_secret \(401\)\. Possible causes: \(1\).*secret/,
    );
    expect(separateTokenRequests(emulator).tokens.at(-1)?.status).toBe(401);
  });

  test("the message names the service account's role if the role does not allow a request", async () => {
    for (const refusal of [401, 403] as const) {
      account.role = { permits: () => false, refusal };
      const answer = await call({ policies: 'all' });
      expect(answer).toMatchObject({
        error: { code: refusal === 401 ? 'unauthorized' : 'rejected' },
      });
      expect(answer.msg).toContain("service account's role");
    }
  });

  test.each<[unknown]>([
    [undefined],
    [null],
    [0],
    [-1],
    ['soon'],
    [{}],
    [[]],
    [true],
    ['3600'],
    [7],
  ])('a token answer with expires_in %j is used for the run', async (expires_in) => {
    addFault(
      { kind: 'mangle', change: (body) => ({ ...Object(body), expires_in }) },
      isTokenRequest,
    );
    const answer = await call({ policies: 'all', commands: 'all' });
    expect(answer, answer.msg).toMatchObject({ changed: false });
    expect(separateTokenRequests(emulator).tokens).toHaveLength(1);
  });
});

describe('the token endpoint', () => {
  const jsonFault = (body: unknown): Fault => ({ kind: 'mangle', change: () => body });
  test.each<[what: string, fault: Fault, code: string, msg: RegExp]>([
    [
      'without a token',
      jsonFault({ token_type: 'bearer' }),
      'unexpected_response',
      /access_token is missing/,
    ],
    [
      'with a number as token',
      jsonFault({ access_token: 1234567890 }),
      'unexpected_response',
      /not a valid token/,
    ],
    [
      'with a short token',
      jsonFault({ access_token: 'abc' }),
      'unexpected_response',
      /not a valid token/,
    ],
    [
      'with a token that has a line break',
      jsonFault({ access_token: 'abcdefgh\nx: y' }),
      'unexpected_response',
      /not a valid token/,
    ],
    [
      'with a MAC token',
      jsonFault({ access_token: 'abcdefghijkl', token_type: 'mac' }),
      'unexpected_response',
      /token_type/,
    ],
    [
      'with a list',
      jsonFault(['abcdefghijkl']),
      'unexpected_response',
      /not what JumpCloud sends.*token_url/,
    ],
    [
      'with an HTML page',
      { kind: 'body', text: '<html>Log in</html>' },
      'unexpected_response',
      /not JSON but text\/html/,
    ],
    [
      'with an HTML page and 401',
      { kind: 'body', status: 401, text: '<html>' },
      'unexpected_response',
      /not in JumpCloud's form.*Check token_url, region and proxy/,
    ],
    [
      'with a redirect',
      { kind: 'redirect', location: 'https://elsewhere.example/?a=b' },
      'unexpected_response',
      /redirect.*elsewhere\.example.*Check token_url/,
    ],
    [
      'with a 404',
      { kind: 'status', status: 404, text: '404 page not found' },
      'unexpected_response',
      /404/,
    ],
    [
      'with 400 and invalid_client',
      { kind: 'status', status: 400, text: '{"error":"invalid_client"}' },
      'unauthorized',
      /secret/,
    ],
    [
      'with 400 and invalid_scope',
      {
        kind: 'status',
        status: 400,
        text: '{"error":"invalid_scope","error_description":"no such scope"}',
      },
      'rejected',
      /400 Bad Request: "no such scope"/,
    ],
    [
      'with a 403',
      { kind: 'status', status: 403, text: '{"message":"Forbidden"}' },
      'rejected',
      /IP address/,
    ],
    [
      'with a Retry-After beyond the timeout',
      { kind: 'status', status: 429, retryAfter: 300 },
      'rate_limited',
      /asks to wait 300 s/,
    ],
  ])(
    'a token endpoint that answers %s fails the run before any other request',
    async (_, fault, code, msg) => {
      addFault(fault, isTokenRequest, 9);
      const answer = await call({ policies: 'all', users: 'all' });
      expect(answer, answer.msg).toMatchObject({ failed: true, error: { code } });
      expect(answer.msg).toMatch(/^Could not get an access token for the service account: /);
      expect(answer.msg).toMatch(msg);
      expect(answer.msg).not.toContain('may still have been made');
      expect(separateTokenRequests(emulator).others).toEqual([]);
    },
  );

  test('a run retries transient failures of the token endpoint', async () => {
    for (const status of [502, 503, 429])
      addFault({ kind: 'status', status, retryAfter: 0 }, isTokenRequest);
    addFault({ kind: 'reset-after' }, isTokenRequest);
    const answer = await call({ policies: 'all' });
    expect(answer, answer.msg).toMatchObject({ changed: false, api: { retries: 4 } });
  });

  test('during an outage of the token endpoint, a run fails within its timeout', async () => {
    addFault({ kind: 'status', status: 503 }, isTokenRequest, 999);
    const start = performance.now();
    const answer = await call({ policies: 'all', timeout: 1 });
    expect(answer).toMatchObject({ error: { code: 'unavailable' } });
    expect(performance.now() - start).toBeLessThan(4000);
  });
});

describe('the choice of credentials', () => {
  const apiKey = () => emulator.store.addApiKey();
  const problemsOf = async (options: Record<string, unknown>) => {
    const { error, msg } = await callAdminModule(MODULE, {
      api_url: emulator.url,
      users: ['a'],
      ...options,
    });
    expect(error, msg).toMatchObject({ code: 'invalid_arguments' });
    return error?.problems?.map(({ option }) => option);
  };
  const setEnv = (values: Record<string, string>) => {
    for (const [name, value] of Object.entries(values)) vi.stubEnv(`JUMPCLOUD_${name}`, value);
  };
  const clientOptions = { client_id: 'sa-123456789', client_secret: 'secret-secret-1' };
  const clientVariables = { CLIENT_ID: 'sa-123456789', CLIENT_SECRET: 'secret-secret-1' };

  test('an API key together with a service account is refused', async () => {
    const api_key = 'k'.repeat(40);
    expect(await problemsOf({ api_key, ...clientOptions })).toEqual(['api_key']);
    expect(await problemsOf({ api_key, client_id: clientOptions.client_id })).toEqual(['api_key']);
    expect(await problemsOf({ org_id: '5f', ...clientOptions })).toEqual(['org_id']);
  });

  test('a client_id without client_secret, or the reverse, is refused', async () => {
    expect(await problemsOf({ client_id: clientOptions.client_id })).toEqual(['client_secret']);
    expect(await problemsOf({ client_secret: clientOptions.client_secret })).toEqual(['client_id']);
    setEnv({ CLIENT_SECRET: clientVariables.CLIENT_SECRET });
    expect(await problemsOf({})).toEqual(['client_id']);
  });

  test('an API key and a service account in the environment are refused if no option selects one', async () => {
    const [client_secret = ''] = account.secrets;
    setEnv({ API_KEY: apiKey(), CLIENT_ID: account.clientId, CLIENT_SECRET: client_secret });
    expect(await problemsOf({})).toEqual(['']);
    const common = { api_url: emulator.url, token_url: emulator.tokenUrl, policies: 'all' };
    const keyAnswer = await callAdminModule(MODULE, { ...common, api_key: apiKey() });
    expect(keyAnswer, keyAnswer.msg).toMatchObject({ changed: false });
    expect(separateTokenRequests(emulator).tokens).toEqual([]);
    const accountAnswer = await callAdminModule(MODULE, { ...common, client_id: account.clientId });
    expect(accountAnswer, accountAnswer.msg).toMatchObject({ changed: false });
    expect(separateTokenRequests(emulator).tokens).toHaveLength(1);
  });

  test('a run uses a service account of the environment and does not send JUMPCLOUD_ORG_ID', async () => {
    const [client_secret = ''] = account.secrets;
    setEnv({ ORG_ID: 'abc', CLIENT_ID: account.clientId, CLIENT_SECRET: `${client_secret}\n` });
    const answer = await callAdminModule(MODULE, {
      api_url: emulator.url,
      token_url: emulator.tokenUrl,
      policies: 'all',
    });
    expect(answer, answer.msg).toMatchObject({ changed: false });
    expect(emulator.requests.every(({ orgId }) => orgId === undefined)).toBe(true);
  });

  test('a malformed credential is refused and not quoted', async () => {
    for (const [option, value] of [
      ['client_id', 'x y z 1 2 3'],
      ['client_secret', 'has "quotes" in it'],
      ['client_secret', 'kürzlich-geändert'],
    ] as const) {
      const answer = await callAdminModule(MODULE, {
        users: ['a'],
        ...clientOptions,
        [option]: value,
      });
      expect(answer.error?.problems).toMatchObject([{ option }]);
      expect(answer.text).not.toContain(value);
      vi.unstubAllEnvs();
      setEnv({ API_KEY: '', ...clientVariables, [option.toUpperCase()]: value });
      expect(await problemsOf({})).toEqual([option]);
    }
  });

  test.each([
    'http://admin-oauth.example/oauth2/token',
    'https://user:pass@admin-oauth.example/token',
    'https://admin-oauth.example/token?key=1',
    'https://admin-oauth.example/token#a',
    'admin-oauth.example/token',
    'ftp://admin-oauth.example/token',
    7,
  ])('the token_url %s is refused', async (token_url) => {
    expect(await problemsOf({ ...clientOptions, token_url })).toEqual(['token_url']);
  });

  test('a plain http token_url with a proxy is refused', async () => {
    const options = {
      ...clientOptions,
      proxy: 'http://127.0.0.1:9',
      api_url: 'https://localhost:1',
    };
    expect(await problemsOf({ ...options, token_url: emulator.tokenUrl })).toEqual(['proxy']);
  });
});
