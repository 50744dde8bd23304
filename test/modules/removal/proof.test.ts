import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { mountTmpfs } from '../../faults/tmpfs.ts';
import { executablePath } from '../../harness/executable.ts';
import { IDENTITY, type Stage, stages, TOMBSTONE, UNDER_WAY } from './stage.ts';

const { enrol, folder } = stages();
const PURGE = { purge_identity: true };

/** What answers instead of the API, and whether it is of the API's own form. */
const ANSWERS = [
  ["JumpCloud's 401", 401, '{"message":"Unauthorized","error":"Unauthorized"}', true],
  ["JumpCloud's 404", 404, '{"message":"Not Found"}', true],
  ["a gateway's JSON with a message", 404, '{"message":"no Route matched"}', true],
  ["a gateway's JSON", 404, '{"error_msg":"404 Route Not Found"}', false],
  ['a message that is no text', 404, '{"message":{"text":"Not Found"}}', false],
  ['other JSON', 401, '[{"message":"Unauthorized"}]', false],
  ["an ingress's page", 404, 'default backend - 404', false],
  ["a portal's log-in page", 401, '<html>Log in</html>', false],
  ['nothing, 404', 404, '', false],
  ['nothing, 401', 401, '', false],
] as const;

/** When it begins to answer so, and whether JumpCloud has accepted this host there before. */
const MOMENTS = {
  'the first read': { isAccepted: false, prepare: from(() => true) },
  'behind the first read': { isAccepted: true, prepare: from(() => true, 1) },
  'behind a DELETE that got lost': {
    isAccepted: true,
    prepare: async (stage: Stage, status: number, text: string) => {
      stage.emulator.faults.add({ fault: { kind: 'reset-before' }, when: isDelete });
      await from(() => true, 1)(stage, status, text);
    },
  },
  'behind a DELETE that was answered': {
    isAccepted: true,
    prepare: from((method) => method !== 'DELETE', 1),
  },
  'the next run, with the note': {
    isAccepted: true,
    prepare: async (stage: Stage, status: number, text: string) => {
      stage.emulator.faults.add({ fault: { kind: 'status', status: 503 }, when: isDelete });
      await stage.run({ timeout: 0.4 });
      expect(stage.has(UNDER_WAY)).toBe(true);
      stage.emulator.faults.clear();
      await from(() => true)(stage, status, text);
    },
  },
} as const;

function isDelete({ method }: { method: string }): boolean {
  return method === 'DELETE';
}

/** From the request number `skip` on, all of some methods get that answer. */
function from(which: (method: string) => boolean, skip = 0) {
  return async (stage: Stage, status: number, text: string) => {
    const headers = { 'content-type': text.startsWith('{') ? 'application/json' : 'text/html' };
    stage.emulator.faults.add({
      fault: { kind: 'body', status, text, headers },
      when: ({ method }) => which(method),
      times: 100,
      skip,
    });
  };
}

describe.concurrent.each(Object.entries(MOMENTS))('%s', (moment, { isAccepted, prepare }) => {
  test.each(ANSWERS)('answered by %s', async (_, status, text, isOfItsForm) => {
    const stage = await enrol();
    await prepare(stage, status, text);
    const { answer } = await stage.run(PURGE);
    if (isAccepted && isOfItsForm) {
      expect(answer).not.toHaveProperty('failed');
      expect(answer['purged']).toHaveLength(4);
      expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
      return;
    }
    expect(answer).toMatchObject({
      failed: true,
      changed: moment === 'behind a DELETE that was answered',
      error: { code: isOfItsForm ? 'unauthorized' : 'unexpected_response' },
    });
    if (isOfItsForm && status === 404) {
      for (const name of IDENTITY) expect(answer.msg).toContain(stage.path(name));
    }
    expect(stage.files()).toEqual(expect.arrayContaining(IDENTITY));
    expect(stage.has(TOMBSTONE)).toBe(false);
  });
});

describe.concurrent('what was registered meanwhile', () => {
  test('during the removal stays', async () => {
    const stage = await enrol();
    const anew = { systemKey: 'a'.repeat(24) };
    stage.emulator.faults.add({
      fault: {
        kind: 'concurrent',
        when: 'after',
        change: () => writeFileSync(stage.path('jcagent.conf'), JSON.stringify(anew)),
      },
      when: isDelete,
    });
    const answer = await stage.succeed(PURGE);
    expect(answer).toMatchObject({ changed: true, purged: [] });
    expect(answer.warnings).toEqual([
      expect.stringContaining(`has registered anew meanwhile, as system ${anew.systemKey}`),
    ]);
    expect(stage.files()).toEqual([TOMBSTONE, ...IDENTITY, 'version.txt'].sort());
  });

  test('and is half written stays, too', async () => {
    const stage = await enrol();
    stage.emulator.faults.add({
      fault: {
        kind: 'concurrent',
        when: 'after',
        change: () => writeFileSync(stage.path('jcagent.conf'), '{"systemKey":"5f1a'),
      },
      when: isDelete,
    });
    const answer = await stage.succeed(PURGE);
    expect(answer).toMatchObject({ changed: true, purged: [] });
    expect(answer.warnings.join()).toMatch(/Nothing was purged: .* is not JSON/);
  });

  test.each(['{}', undefined])('is nothing to compare system_id with: %s', async (conf) => {
    const stage = await enrol();
    if (conf === undefined) rmSync(stage.path('jcagent.conf'));
    else writeFileSync(stage.path('jcagent.conf'), conf);
    const options = { ...PURGE, system_id: stage.host.systemId };
    for (const flags of [['--check'], []]) {
      const answer = await stage.succeed(options, { flags });
      expect(answer).toMatchObject({ changed: false, purged: [] });
      expect(answer.warnings.join()).toContain('no id to compare with system_id');
    }
    expect(stage.has('client.key')).toBe(true);
    // The tombstone of this system is an id, too: the end of a removal that was cut off.
    const tombstone = { system_key: stage.host.systemId, removed_at: '2026-01-01T00:00:00Z' };
    writeFileSync(stage.path(TOMBSTONE), JSON.stringify(tombstone));
    expect(await stage.succeed(options)).toMatchObject({ changed: true, warnings: [] });
    expect(stage.has('client.key')).toBe(false);
  });
});

describe.concurrent('the notes', () => {
  test.each([TOMBSTONE, UNDER_WAY])('are not written through a link: %s', async (name) => {
    const stage = await enrol();
    const elsewhere = join(folder(), 'elsewhere');
    writeFileSync(elsewhere, 'precious');
    symlinkSync(elsewhere, stage.path(name));
    await stage.succeed();
    expect(readFileSync(elsewhere, 'utf8')).toBe('precious');
    expect(JSON.parse(readFileSync(stage.path(TOMBSTONE), 'utf8'))).toMatchObject({
      system_key: stage.host.systemId,
    });
  });

  test.each([TOMBSTONE, UNDER_WAY])('are not written into a pipe: %s', async (name) => {
    const stage = await enrol();
    await execa('mkfifo', [stage.path(name)]);
    expect(await stage.succeed(PURGE, { signal: AbortSignal.timeout(20_000) })).toMatchObject({
      changed: true,
      warnings: [],
    });
    expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
  });

  test.each(['', '{"system_key":', 'null', '[]'])('count as absent when %j', async (text) => {
    const stage = await enrol();
    for (const name of [TOMBSTONE, UNDER_WAY]) writeFileSync(stage.path(name), text);
    expect(await stage.succeed()).toMatchObject({ changed: true });
    expect((await stage.succeed()).changed).toBe(false);
  });

  test('that a killed run left unfinished go with the next', async () => {
    const stage = await enrol();
    // Of a process of another boot.
    writeFileSync(stage.path(`${TOMBSTONE}.1-1-1-${'0'.repeat(32)}-x`), '{"sys');
    await stage.succeed(PURGE);
    expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
  });

  test('leave the next run sure when the disk is full', async ({ skip }) => {
    const stage = await enrol();
    const disk = mountTmpfs(256 * 1024);
    if (disk === undefined) return skip('a file system cannot be mounted here');
    try {
      const agentDir = join(disk.path, 'jc');
      mkdirSync(agentDir);
      const { systemId } = await stage.emulator.enrol({ agentDir });
      stage.emulator.faults.add({
        fault: { kind: 'concurrent', when: 'after', change: () => disk.fill() },
        when: isDelete,
      });
      const first = await stage.succeed({ agent_dir: agentDir });
      expect(first).toMatchObject({ changed: true, removed: [{ id: systemId }] });
      expect(first.warnings.join()).toContain('ENOSPC');
      rmSync(join(disk.path, 'ballast'));
      const second = await stage.succeed({ agent_dir: agentDir });
      expect(second).toMatchObject({ changed: false, warnings: [] });
    } finally {
      disk.unmount();
    }
  });
});

test('of many removals at once all succeed', { timeout: 120_000 }, async () => {
  for (let round = 0; round < 6; round++) {
    const stage = await enrol();
    const words = [JSON.stringify(stage.options(PURGE))];
    const runs = [0, 40 * round, 15 * round].map(async (ms) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return execa(executablePath('jumpcloud_removal'), words, { reject: false, stdin: 'ignore' });
    });
    const answers = (await Promise.all(runs)).map(({ stdout }) => JSON.parse(stdout));
    expect(answers.map(({ failed, msg }) => failed && msg)).toEqual(answers.map(() => undefined));
    expect(answers.flatMap(({ removed }) => removed)).toHaveLength(1);
    expect(new Set(answers.flatMap(({ purged }) => purged)).size).toBe(4);
    expect(answers.flatMap(({ purged }) => purged)).toHaveLength(4);
    expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
  }
});
