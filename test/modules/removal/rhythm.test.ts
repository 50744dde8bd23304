import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { newId } from '../../emulator/store.ts';
import { predictionOf } from '../../harness/executable.ts';
import { IDENTITY_FILES, setUpStages, TOMBSTONE } from './stage.ts';

const { enrol, directory } = setUpStages();
const CHECK_WITH_DIFF = { flags: ['--check', '--diff'] };
const RUN_WITH_DIFF = { flags: ['--diff'] };

describe.concurrent('removing a system', () => {
  const rows: [name: string, options: object, purgedNames: readonly string[]][] = [
    ['without purge_identity', {}, []],
    ['with purge_identity', { purge_identity: true }, IDENTITY_FILES],
  ];
  test.each(rows)(
    'a removal %s deletes the record once after each enrolment, as check mode predicts',
    async (_, desired, purgedNames) => {
      const options = { ...desired };
      const stage = await enrol();
      const files = stage.files();

      const predicted = await stage.succeed(options, CHECK_WITH_DIFF);
      expect(stage.hasRecord()).toBe(true);
      expect(stage.sent()).toEqual(['GET 200']);
      expect(stage.files()).toEqual(files);

      const answer = await stage.succeed(options, RUN_WITH_DIFF);
      expect(predicted).toEqual(predictionOf(answer));
      expect(answer).toMatchObject({
        changed: true,
        system_id: stage.host.systemId,
        removed: [{ type: 'system', id: stage.host.systemId }],
        warnings: [],
      });
      const paths = purgedNames.map((name) => stage.path(name));
      expect([...(answer['purged'] as string[])].sort()).toEqual(paths);
      expect(answer.diff?.after).toEqual({ present: [], identity_files: [] });
      expect(stage.hasRecord()).toBe(false);
      expect(stage.sent()).toEqual(['GET 200', 'DELETE 200', 'GET 401']);
      const kept = files.filter((name) => !purgedNames.includes(name));
      expect(stage.files()).toEqual([TOMBSTONE, ...kept].sort());

      for (const call of [RUN_WITH_DIFF, CHECK_WITH_DIFF]) {
        const again = await stage.succeed(options, call);
        expect(again).toMatchObject({ changed: false, msg: 'Nothing to remove.' });
        expect(again).toMatchObject({ removed: [], purged: [], warnings: [] });
        expect(again.diff?.before).toEqual(again.diff?.after);
      }
      expect(stage.sent()).toEqual([]);

      const reenrolled = await stage.emulator.enrol({ agentDir: stage.host.agentDir });
      const next = await stage.succeed(options);
      expect(next).toMatchObject({
        changed: true,
        removed: [{ type: 'system', id: reenrolled.systemId }],
      });
      expect(stage.sent()).toEqual(['GET 200', 'DELETE 200', 'GET 401']);
      expect((await stage.succeed(options)).changed).toBe(false);
      expect(stage.sent()).toEqual([]);
    },
  );

  test('a removal leaves a tombstone of mode 0600 with the system id and the time', async () => {
    const stage = await enrol();
    await stage.succeed();
    const tombstone = JSON.parse(readFileSync(stage.path(TOMBSTONE), 'utf8'));
    expect(Object.keys(tombstone).sort()).toEqual(['removed_at', 'system_key']);
    expect(tombstone.system_key).toBe(stage.host.systemId);
    expect(Math.abs(Date.parse(tombstone.removed_at) - Date.now())).toBeLessThan(20_000);
    expect(tombstone.removed_at).toMatch(/Z$/);
    expect(statSync(stage.path(TOMBSTONE)).mode & 0o777).toBe(0o600);
  });

  test.each([
    [
      'no agent directory',
      (stage: { host: { agentDir: string } }) => rmSync(stage.host.agentDir, { recursive: true }),
    ],
    [
      'no jcagent.conf',
      (stage: { path(name: string): string }) => rmSync(stage.path('jcagent.conf')),
    ],
    [
      'no systemKey',
      (stage: { path(name: string): string }) => writeFileSync(stage.path('jcagent.conf'), '{}'),
    ],
  ])('a removal on a host with %s changes nothing', async (_, damage) => {
    const stage = await enrol();
    damage(stage);
    expect(await stage.succeed()).toMatchObject({ changed: false, removed: [], purged: [] });
    expect(stage.sent()).toEqual([]);
    expect(stage.hasRecord()).toBe(true);
  });

  test('a removal without the private key fails before any request', async () => {
    const stage = await enrol();
    rmSync(stage.path('client.key'));
    const { answer } = await stage.run({ purge_identity: true });
    expect(answer).toMatchObject({ failed: true, changed: false, error: { code: 'not_enrolled' } });
    expect(stage.has('jcagent.conf')).toBe(true);
    expect(stage.sent()).toEqual([]);
  });

  test.each([
    [
      'another system',
      (id: string) => JSON.stringify({ system_key: id, removed_at: '2026-01-01' }),
    ],
    ['truncated JSON', () => '{"system_key":'],
    ['an empty JSON object', () => '{}'],
  ])('a removal ignores a tombstone with %s', async (_, content) => {
    const stage = await enrol();
    writeFileSync(stage.path(TOMBSTONE), content(newId()));
    expect(await stage.succeed()).toMatchObject({ changed: true });
    expect(stage.hasRecord()).toBe(false);
    expect((await stage.succeed()).changed).toBe(false);
  });
});

describe.concurrent('purge_identity', () => {
  const options = { purge_identity: true };

  test('purge_identity after a removal deletes the identity files without a request', async () => {
    const stage = await enrol();
    await stage.succeed();
    stage.sent();
    const predicted = await stage.succeed(options, CHECK_WITH_DIFF);
    expect(stage.has('client.key')).toBe(true);
    const answer = await stage.succeed(options, RUN_WITH_DIFF);
    expect(predicted).toEqual(predictionOf(answer));
    expect(answer).toMatchObject({ changed: true, removed: [] });
    expect(answer['purged']).toHaveLength(4);
    expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
    expect((await stage.succeed(options)).changed).toBe(false);
    expect(stage.sent()).toEqual([]);
  });

  test('purge_identity on a host without jcagent.conf deletes the remaining files', async () => {
    const stage = await enrol();
    rmSync(stage.path('jcagent.conf'));
    rmSync(stage.path('client.crt'));
    const answer = await stage.succeed(options);
    const remainingPaths = ['client.key', 'ca.crt'].map((name) => stage.path(name));
    expect(answer).toMatchObject({ changed: true, removed: [], purged: remainingPaths });
    expect(stage.files()).toEqual(['version.txt']);
    expect((await stage.succeed(options)).changed).toBe(false);
    expect(stage.sent()).toEqual([]);
  });

  test('a run with purge_identity reports a file that it cannot delete, and a later run deletes it', async () => {
    const stage = await enrol();
    rmSync(stage.path('ca.crt'));
    mkdirSync(stage.path('ca.crt'));
    const { answer, exitCode } = await stage.run(options);
    expect(exitCode).toBe(1);
    expect(answer).toMatchObject({
      changed: true,
      failed: true,
      error: { code: 'local_action_failed', path: stage.path('ca.crt') },
      removed: [{ type: 'system', id: stage.host.systemId }],
      purged: ['jcagent.conf', 'client.key', 'client.crt'].map((name) => stage.path(name)),
    });
    expect(answer.msg).toMatch(/ca\.crt could not be deleted \(E\w+\)/);
    expect(stage.hasRecord()).toBe(false);
    stage.sent();

    const again = await stage.run(options);
    expect(again.answer).toMatchObject({ changed: false, failed: true });
    rmSync(stage.path('ca.crt'), { recursive: true });
    writeFileSync(stage.path('ca.crt'), '');
    const last = await stage.succeed(options);
    expect(last).toMatchObject({ changed: true, removed: [], purged: [stage.path('ca.crt')] });
    expect(stage.sent()).toEqual([]);
  });
});

describe.concurrent('system_id', () => {
  test('a removal with the correct system_id succeeds', async () => {
    const stage = await enrol();
    const options = { system_id: stage.host.systemId.toUpperCase() };
    expect((await stage.succeed(options)).changed).toBe(true);
    expect((await stage.succeed(options)).changed).toBe(false);
    expect(stage.hasRecord()).toBe(false);
  });

  test.each([false, true])(
    'a run with a wrong system_id fails (host already removed: %s)',
    async (removed) => {
      const stage = await enrol();
      if (removed) await stage.succeed();
      stage.sent();
      const files = stage.files();
      const { answer } = await stage.run({ system_id: newId(), purge_identity: true });
      expect(answer).toMatchObject({
        changed: false,
        failed: true,
        error: { code: 'invalid_arguments', problems: [{ option: 'system_id' }] },
      });
      expect(answer.msg).toContain(`this host is system ${stage.host.systemId}`);
      expect(stage.files()).toEqual(files);
      expect(stage.sent()).toEqual([]);
    },
  );
});

test('a removal does not create a missing agent directory', async () => {
  const stage = await enrol();
  const agent_dir = `${directory()}/none`;
  const answer = await stage.succeed({ agent_dir, purge_identity: true });
  expect(answer).toMatchObject({ changed: false, removed: [], purged: [] });
  expect(() => statSync(agent_dir)).toThrow();
});
