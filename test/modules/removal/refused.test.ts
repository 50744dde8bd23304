import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../emulator/faults.ts';
import { executablePath, predictionOf } from '../../harness/executable.ts';
import { IDENTITY, MARKER, type Stage, stages, TOMBSTONE } from './stage.ts';

const { enrol, directory } = stages();
const PURGE = { purge_identity: true };

function onDelete(stage: Stage, fault: Fault, times = 1): void {
  stage.emulator.faults.add({ fault, times, when: ({ method }) => method === 'DELETE' });
}

function expectIdentityKept(stage: Stage): void {
  expect(stage.files()).toEqual([...IDENTITY, 'version.txt']);
}

describe.concurrent('a DELETE whose answer is lost', () => {
  const lost: [fault: Fault, sent: string][] = [
    [{ kind: 'reset-after' }, 'DELETE 0'],
    [{ kind: 'status', status: 502, applied: true }, 'DELETE 502'],
    [{ kind: 'truncated' }, 'DELETE 200'],
  ];
  test.each(lost)(
    'a DELETE whose answer is lost by %j is reported as a removal',
    async (fault, sent) => {
      const stage = await enrol();
      onDelete(stage, fault);
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
    'a DELETE that is lost by %j is sent again',
    async (fault) => {
      const stage = await enrol();
      onDelete(stage, fault);
      expect((await stage.succeed()).changed).toBe(true);
      const deletes = stage.sent().filter((line) => line.startsWith('DELETE'));
      expect(deletes).toHaveLength(2);
      expect(deletes[1]).toBe('DELETE 200');
    },
  );

  test('a DELETE that is unanswered at the timeout is resolved by the next run', async () => {
    const stage = await enrol();
    onDelete(stage, { kind: 'status', status: 502, applied: true }, 100);
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

  test('a 404 to the first read means that the record was already removed', async () => {
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
    'a %s to the DELETE does not prove that the record is gone',
    async (status, code, denial) => {
      const stage = await enrol();
      onDelete(stage, { ...denial, applied: true });
      for (const options of [PURGE, {}]) {
        const { answer } = await stage.run(options);
        expect(answer).toMatchObject({ changed: false, failed: true, error: { code } });
        expectIdentityKept(stage);
      }
      expect(stage.sent()).toEqual(['GET 200', `DELETE ${status}`, 'GET 401', 'GET 401']);
    },
  );

  test('a record that another run removed counts as gone once there is a tombstone', async () => {
    const stage = await enrol();
    const { systemId } = stage.host;
    onDelete(stage, {
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

  test('a 401 to the DELETE keeps the identity files while the record is still shown', async () => {
    const stage = await enrol();
    onDelete(stage, { kind: 'status', status: 401, text: '{"message":"Unauthorized"}' });
    const { answer } = await stage.run(PURGE);
    expect(answer).toMatchObject({ changed: false, error: { code: 'unauthorized' } });
    expect(answer.msg).toContain('still shows the record');
    expect(stage.sent()).toEqual(['GET 200', 'DELETE 401', 'GET 200']);
    expectIdentityKept(stage);
    expect((await stage.succeed(PURGE)).changed).toBe(true);
  });

  test('a 401 to the first read fails and keeps the identity files', async () => {
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

describe.concurrent('a removal that fails or is late', () => {
  test('a removal that JumpCloud refuses keeps the identity files', async () => {
    const stage = await enrol();
    onDelete(stage, { kind: 'status', status: 403, text: '{"message":"blocked"}' });
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

  test('a removal that JumpCloud accepts but does not apply keeps the identity files', async () => {
    const stage = await enrol();
    onDelete(stage, { kind: 'ignored-write' });
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

  test('a removal reads again while JumpCloud still shows the record', async () => {
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

  test('a removal is reported even if reading back fails, and the next run purges', async () => {
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
    onDelete(stage, { kind: 'status', status: 503 }, 100);
    await stage.run({ timeout: 3 });
    expect(stage.has(MARKER)).toBe(true);
    stage.emulator.faults.clear();
    return stage;
  }

  test('a marker does not count when api_url names another server', async () => {
    const stage = await enrolWithMarker();
    const elsewhere = await enrol();
    const { answer } = await stage.run({ ...PURGE, api_url: elsewhere.emulator.url });
    expect(answer).toMatchObject({ failed: true, error: { code: 'unauthorized' } });
    expect(stage.has('client.key')).toBe(true);
    expect(stage.has(TOMBSTONE)).toBe(false);
    expect(await stage.succeed(PURGE)).toMatchObject({ changed: true });
    expect(stage.isRecordThere()).toBe(false);
  });

  test('a marker does not count for another registration', async () => {
    const stage = await enrolWithMarker();
    const reenrolled = await stage.emulator.enrol({ agentDir: stage.host.agentDir });
    stage.emulator.store.removeSystem(reenrolled.systemId);
    const { answer } = await stage.run(PURGE);
    expect(answer).toMatchObject({ failed: true, error: { code: 'unauthorized' } });
    expect(stage.has('client.key')).toBe(true);
  });
});

describe.concurrent('a tombstone that cannot be written', () => {
  test('if the tombstone cannot be written, the run warns and the marker replaces it', async () => {
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

  test.runIf(process.getuid?.() === 0)(
    'a run that may not write to the directory warns, and the next run fails',
    async () => {
      const stage = await enrol();
      const reachable = directory();
      for (const path of [join(reachable, '..'), reachable, stage.host.agentDir])
        chmodSync(path, 0o755);
      for (const name of stage.files()) chmodSync(stage.path(name), 0o644);
      const executable = join(reachable, 'jumpcloud_removal');
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
