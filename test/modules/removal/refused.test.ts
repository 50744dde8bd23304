import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../emulator/faults.ts';
import { executablePath, predictionOf } from '../../harness/executable.ts';
import { isRoot } from '../../harness/is-root.ts';
import { IDENTITY_FILES, MARKER, type Stage, setUpStages, TOMBSTONE } from './stage.ts';

const { enrol, directory } = setUpStages();
const PURGE = { purge_identity: true };

function addDeleteFault(stage: Stage, fault: Fault, times = 1): void {
  stage.emulator.faults.add({ fault, times, when: ({ method }) => method === 'DELETE' });
}

function expectIdentityKept(stage: Stage): void {
  expect(stage.files()).toEqual([...IDENTITY_FILES, 'version.txt']);
}

describe.concurrent('a DELETE whose answer is lost', () => {
  const lost: [fault: Fault, sent: string][] = [
    [{ kind: 'reset-after' }, 'DELETE 0'],
    [{ kind: 'status', status: 502, applied: true }, 'DELETE 502'],
    [{ kind: 'truncated' }, 'DELETE 200'],
  ];
  test.each(lost)(
    'a DELETE whose answer is lost to the fault %j is reported as a removal',
    async (fault, sent) => {
      const stage = await enrol();
      addDeleteFault(stage, fault);
      const answer = await stage.succeed(PURGE);
      expect(answer).toMatchObject({
        changed: true,
        removed: [{ type: 'system', id: stage.host.systemId }],
        warnings: [],
      });
      expect(stage.sent()).toEqual(['GET 200', sent, 'DELETE 401', 'GET 401']);
      expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
    },
  );

  test.each<Fault>([{ kind: 'reset-before' }, { kind: 'status', status: 503 }])(
    'a DELETE is retried after %j',
    async (fault) => {
      const stage = await enrol();
      addDeleteFault(stage, fault);
      expect((await stage.succeed()).changed).toBe(true);
      const deletes = stage.sent().filter((line) => line.startsWith('DELETE'));
      expect(deletes).toHaveLength(2);
      expect(deletes[1]).toBe('DELETE 200');
    },
  );

  test('the next run completes a removal whose DELETE got only 502 answers until the timeout', async () => {
    const stage = await enrol();
    addDeleteFault(stage, { kind: 'status', status: 502, applied: true }, 100);
    const { answer } = await stage.run({ ...PURGE, timeout: 3 });
    expect(answer).toMatchObject({ failed: true, error: { code: 'unavailable' } });
    expect(answer.msg).toContain('The change may still have been made');
    expect(stage.has('client.key')).toBe(true);
    stage.emulator.faults.clear();
    expect(await stage.succeed(PURGE)).toMatchObject({ changed: true, removed: [] });
    expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
    stage.sent();
    expect((await stage.succeed(PURGE)).changed).toBe(false);
    expect(stage.sent()).toEqual([]);
  });
});

describe.concurrent('a record that is removed by someone else', () => {
  const notFound: Fault = { kind: 'status', status: 404, text: '{"message":"Not Found"}' };

  test('a run whose first read gets 404 reports the record as already removed', async () => {
    const stage = await enrol();
    stage.emulator.faults.add({ fault: notFound, times: 2 });
    const predicted = await stage.succeed({}, { flags: ['--check'] });
    const answer = await stage.succeed();
    expect(predicted).toEqual(predictionOf(answer));
    expect(answer).toMatchObject({ changed: false, removed: [], purged: [] });
    expect(stage.sent()).toEqual(['GET 404', 'GET 404']);
    expectIdentityKept(stage);
  });

  const denials = [
    ['404', 'unauthorized', { kind: 'status', status: 404, text: '{"message":"Not Found"}' }],
    ['401', 'unauthorized', { kind: 'status', status: 401, text: '{"message":"Unauthorized"}' }],
  ] as const;
  test.each(denials)(
    'a %s in answer to the DELETE does not prove that the record is gone',
    async (status, code, denial) => {
      const stage = await enrol();
      addDeleteFault(stage, { ...denial, applied: true });
      for (const options of [PURGE, {}]) {
        const { answer } = await stage.run(options);
        expect(answer).toMatchObject({ changed: false, failed: true, error: { code } });
        expectIdentityKept(stage);
      }
      expect(stage.sent()).toEqual(['GET 200', `DELETE ${status}`, 'GET 401', 'GET 401']);
    },
  );

  test('a run accepts the tombstone of another run as proof of the removal', async () => {
    const stage = await enrol();
    const { systemId } = stage.host;
    addDeleteFault(stage, {
      kind: 'concurrent',
      when: 'before',
      change: (store) => store.removeSystem(systemId),
    });
    expect((await stage.run(PURGE)).answer.error?.code).toBe('unauthorized');
    const tombstone = { system_key: systemId, removed_at: '2026-01-01T00:00:00Z' };
    writeFileSync(stage.path(TOMBSTONE), JSON.stringify(tombstone));
    expect(await stage.succeed(PURGE)).toMatchObject({ changed: true, removed: [] });
    expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
  });

  test('a run keeps the identity files when its DELETE gets 401 and the record still exists', async () => {
    const stage = await enrol();
    addDeleteFault(stage, { kind: 'status', status: 401, text: '{"message":"Unauthorized"}' });
    const { answer } = await stage.run(PURGE);
    expect(answer).toMatchObject({ changed: false, error: { code: 'unauthorized' } });
    expect(answer.msg).toContain('still shows the record');
    expect(stage.sent()).toEqual(['GET 200', 'DELETE 401', 'GET 200']);
    expectIdentityKept(stage);
    expect((await stage.succeed(PURGE)).changed).toBe(true);
  });

  test('a run whose first read gets 401 fails and keeps the identity files', async () => {
    const stage = await enrol();
    stage.emulator.store.removeSystem(stage.host.systemId);
    for (const flags of [['--check'], []]) {
      const { answer } = await stage.run(PURGE, { flags });
      expect(answer).toMatchObject({
        changed: false,
        failed: true,
        error: { code: 'unauthorized' },
      });
      expect(answer.msg).toContain('was deleted in JumpCloud');
    }
    expectIdentityKept(stage);
  });
});

describe.concurrent('a removal that fails or becomes visible late', () => {
  test('a run keeps the identity files when JumpCloud refuses the DELETE', async () => {
    const stage = await enrol();
    addDeleteFault(stage, { kind: 'status', status: 403, text: '{"message":"blocked"}' });
    const { answer } = await stage.run(PURGE);
    expect(answer).toMatchObject({
      changed: false,
      failed: true,
      error: { code: 'rejected', status: 403, jumpcloud_message: 'blocked' },
      removed: [],
      purged: [],
      warnings: [],
    });
    expect(stage.sent()).toEqual(['GET 200', 'DELETE 403']);
    expectIdentityKept(stage);
  });

  test('a run keeps the identity files when JumpCloud accepts the DELETE without applying it', async () => {
    const stage = await enrol();
    addDeleteFault(stage, { kind: 'ignored-write' });
    const { answer } = await stage.run(PURGE);
    expect(answer).toMatchObject({
      changed: false,
      failed: true,
      removed: [],
      purged: [],
      error: { code: 'not_applied' },
    });
    expect(answer.msg).toContain('The host keeps its key');
    const [, del, ...reads] = stage.emulator.requests;
    expect(Number(reads.at(-1)?.endedAt) - Number(del?.endedAt)).toBeGreaterThan(9_500);
    expect(reads.length).toBeLessThan(15);
    expectIdentityKept(stage);
    expect((await stage.succeed(PURGE)).changed).toBe(true);
  });

  test('after its DELETE, a run reads the record repeatedly until JumpCloud no longer shows it', async () => {
    const stage = await enrol();
    const record = structuredClone(stage.emulator.store.record(stage.host.systemId));
    stage.emulator.faults.add({
      fault: { kind: 'body', text: JSON.stringify(record) },
      when: ({ method }) => method === 'GET',
      skip: 1,
    });
    expect((await stage.succeed()).changed).toBe(true);
    expect(stage.sent()).toEqual(['GET 200', 'DELETE 200', 'GET 200', 'GET 401']);
  });

  test('a run that cannot read the record after the DELETE reports the removal, and the next run purges the files', async () => {
    const stage = await enrol();
    stage.emulator.faults.add({
      fault: { kind: 'body', text: '<html>', status: 200 },
      when: ({ method }) => method === 'GET',
      skip: 1,
    });
    const { answer } = await stage.run(PURGE);
    expect(answer).toMatchObject({
      changed: true,
      failed: true,
      error: { code: 'unexpected_response' },
      removed: [{ type: 'system', id: stage.host.systemId }],
    });
    expect(stage.has('client.key')).toBe(true);
    expect(await stage.succeed(PURGE)).toMatchObject({ changed: true, removed: [] });
    expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
  });
});

describe.concurrent('the marker of an unanswered DELETE', () => {
  /** Enrols a host with the marker of an unanswered DELETE. Its record still exists. */
  async function enrolWithMarker(): Promise<Stage> {
    const stage = await enrol();
    addDeleteFault(stage, { kind: 'status', status: 503 }, 100);
    await stage.run({ timeout: 3 });
    expect(stage.has(MARKER)).toBe(true);
    stage.emulator.faults.clear();
    return stage;
  }

  test('a marker does not prove a removal if it names another server than api_url', async () => {
    const stage = await enrolWithMarker();
    const otherStage = await enrol();
    const { answer } = await stage.run({ ...PURGE, api_url: otherStage.emulator.url });
    expect(answer).toMatchObject({ failed: true, error: { code: 'unauthorized' } });
    expect(stage.has('client.key')).toBe(true);
    expect(stage.has(TOMBSTONE)).toBe(false);
    expect(await stage.succeed(PURGE)).toMatchObject({ changed: true });
    expect(stage.hasRecord()).toBe(false);
  });

  test('a marker of an earlier registration does not prove the removal of a later one', async () => {
    const stage = await enrolWithMarker();
    const reenrolled = await stage.emulator.enrol({ agentDir: stage.host.agentDir });
    stage.emulator.store.removeSystem(reenrolled.systemId);
    const { answer } = await stage.run(PURGE);
    expect(answer).toMatchObject({ failed: true, error: { code: 'unauthorized' } });
    expect(stage.has('client.key')).toBe(true);
  });
});

describe.concurrent('a tombstone that cannot be written', () => {
  test('a run that cannot write the tombstone warns, and the next run uses the marker', async () => {
    const stage = await enrol();
    mkdirSync(stage.path(TOMBSTONE));
    const answer = await stage.succeed();
    expect(answer).toMatchObject({ changed: true });
    expect(answer.warnings).toEqual([
      expect.stringMatching(/^The tombstone.* could not be written .*EISDIR/),
    ]);
    const again = await stage.succeed();
    expect(again).toMatchObject({ changed: false, removed: [] });
    expect(again.warnings).toHaveLength(1);
    rmSync(stage.path(TOMBSTONE), { recursive: true });
    expect(await stage.succeed()).toMatchObject({ changed: false, warnings: [] });
    expect(JSON.parse(readFileSync(stage.path(TOMBSTONE), 'utf8'))).toMatchObject({
      system_key: stage.host.systemId,
    });
  });

  test.runIf(isRoot)(
    'a run without write access to the agent directory warns, and the next run fails',
    async () => {
      const stage = await enrol();
      const readableDirectory = directory();
      for (const path of [join(readableDirectory, '..'), readableDirectory, stage.host.agentDir])
        chmodSync(path, 0o755);
      for (const name of stage.files()) chmodSync(stage.path(name), 0o644);
      const executable = join(readableDirectory, 'jumpcloud_removal');
      copyFileSync(executablePath('jumpcloud_removal'), executable);
      const run = async () => {
        const unprivileged = { uid: 65534, gid: 65534, reject: false } as const;
        const { stdout } = await execa(executable, [JSON.stringify(stage.options())], unprivileged);
        return JSON.parse(stdout);
      };
      const answer = await run();
      expect(answer).toMatchObject({ changed: true, removed: [{ type: 'system' }] });
      expect(answer).not.toHaveProperty('failed');
      expect(answer.warnings.join()).toMatch(/could not be written in .* \(EACCES\)/);
      expect(await run()).toMatchObject({ failed: true, error: { code: 'unauthorized' } });
    },
  );
});
