import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { identifyThisProcess } from '../../../src/agent/process-identity.ts';
import { mountTmpfs } from '../../faults/tmpfs.ts';
import { executablePath } from '../../harness/executable.ts';
import { IDENTITY_FILES, MARKER, type Stage, setUpStages, TOMBSTONE } from './stage.ts';

const { enrol, directory } = setUpStages();
const PURGE = { purge_identity: true };

/** Injected answers. The last field says whether the answer has the form of a JumpCloud error. */
const ANSWERS = [
  ['a 401 from JumpCloud', 401, '{"message":"Unauthorized","error":"Unauthorized"}', true],
  ['a 404 from JumpCloud', 404, '{"message":"Not Found"}', true],
  ['JSON with a message from a gateway', 404, '{"message":"no Route matched"}', true],
  ['other JSON from a gateway', 404, '{"error_msg":"404 Route Not Found"}', false],
  ['JSON with a message that is not text', 404, '{"message":{"text":"Not Found"}}', false],
  ['a JSON list', 401, '[{"message":"Unauthorized"}]', false],
  ['a text page from an ingress', 404, 'default backend - 404', false],
  ['a login page from a portal', 401, '<html>Log in</html>', false],
  ['an empty 404', 404, '', false],
  ['an empty 401', 401, '', false],
] as const;

/**
 * The moments at which a removal gets an injected answer. The answer can prove the removal only
 * after a DELETE that JumpCloud may have accepted.
 */
const KILL_POINTS = {
  'to the first read': { isProof: false, prepare: makeAnswerInjector(() => true) },
  'to the DELETE': { isProof: false, prepare: makeAnswerInjector(() => true, 1) },
  'after a lost DELETE': {
    isProof: true,
    prepare: async (stage: Stage, status: number, text: string) => {
      stage.emulator.faults.add({ fault: { kind: 'reset-before' }, when: isDelete });
      await makeAnswerInjector(() => true, 1)(stage, status, text);
    },
  },
  'after an answered DELETE': {
    isProof: true,
    prepare: makeAnswerInjector((method) => method !== 'DELETE', 1),
  },
  'in the run after a lost DELETE': {
    isProof: true,
    prepare: async (stage: Stage, status: number, text: string) => {
      await loseDelete(stage);
      await makeAnswerInjector(() => true)(stage, status, text);
    },
  },
  'in the run after a denied DELETE': {
    isProof: false,
    prepare: async (stage: Stage, status: number, text: string) => {
      stage.emulator.faults.add({ fault: { kind: 'status', status: 401 }, when: isDelete });
      expect((await stage.run()).answer.error?.code).toBe('unauthorized');
      expect(stage.has(MARKER)).toBe(false);
      stage.emulator.faults.clear();
      await makeAnswerInjector(() => true)(stage, status, text);
    },
  },
} as const;

/** Runs a removal whose DELETE requests get only 503 answers and have no effect. */
async function loseDelete(stage: Stage): Promise<void> {
  const fault = { kind: 'status', status: 503 } as const;
  stage.emulator.faults.add({ fault, when: isDelete, times: Infinity });
  const { answer } = await stage.run({ timeout: 3 });
  expect(answer.error?.code).toBe('unavailable');
  expect(stage.has(MARKER)).toBe(true);
  stage.emulator.faults.clear();
}

function isDelete({ method }: { method: string }): boolean {
  return method === 'DELETE';
}

/** Returns a function that injects an answer to the selected requests, except the first `skip`. */
function makeAnswerInjector(isAnswered: (method: string) => boolean, skip = 0) {
  return async (stage: Stage, status: number, text: string) => {
    const headers = { 'content-type': text.startsWith('{') ? 'application/json' : 'text/html' };
    stage.emulator.faults.add({
      fault: { kind: 'body', status, text, headers },
      when: ({ method }) => isAnswered(method),
      times: 100,
      skip,
    });
  };
}

describe.concurrent.each(Object.entries(KILL_POINTS))(
  'an injected answer %s',
  (moment, { isProof, prepare }) => {
    const rows = ANSWERS.map(([name, status, text, hasApiForm]) => {
      const outcome =
        isProof && hasApiForm ? 'deletes the identity files' : 'keeps the identity files';
      return [name, outcome, { status, text, hasApiForm }] as const;
    });
    test.each(rows)(
      `a removal that gets %s ${moment} %s`,
      async (_name, _outcome, { status, text, hasApiForm }) => {
        const stage = await enrol();
        await prepare(stage, status, text);
        const { answer } = await stage.run(PURGE);
        if (isProof && hasApiForm) {
          expect(answer).not.toHaveProperty('failed');
          expect(answer['purged']).toHaveLength(4);
          expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
          return;
        }
        expect(answer).toMatchObject({
          failed: true,
          changed: moment === 'after an answered DELETE',
          error: { code: hasApiForm ? 'unauthorized' : 'unexpected_response' },
        });
        if (hasApiForm && status === 404) {
          for (const name of IDENTITY_FILES) expect(answer.msg).toContain(stage.path(name));
        }
        expect(stage.files()).toEqual(expect.arrayContaining(IDENTITY_FILES));
        expect(stage.has(TOMBSTONE)).toBe(false);
      },
    );
  },
);

describe.concurrent('a clock that jumps while JumpCloud answers without Date', () => {
  const rows = [
    ['before the DELETE', 'GET', 'unauthorized'],
    ['during a lost DELETE', 'DELETE', 'unauthorized'],
  ] as const;
  test.each(rows)(
    "a removal fails and keeps the agent's key when the host clock jumps %s",
    async (_, method, code) => {
      const stage = await enrol();
      const { emulator, host } = stage;
      const shiftClock = () => emulator.shiftHostClock(host.systemId, 3_600_000);
      const isMethod = (target: { method: string }) => target.method === method;
      const missingDate = { kind: 'date', date: () => null } as const;
      if (method === 'GET') {
        emulator.faults.add({
          fault: { kind: 'concurrent', when: 'after', change: shiftClock },
          when: isMethod,
        });
      } else {
        emulator.faults.add({ fault: { kind: 'reset-before' }, when: isMethod });
        emulator.onRequest.push((request) => isMethod(request) && shiftClock());
      }
      emulator.faults.add({ fault: missingDate, times: Infinity });
      for (const options of [PURGE, {}]) {
        const { answer } = await stage.run(options);
        expect(answer).toMatchObject({ changed: false, failed: true, error: { code } });
        expect(stage.hasRecord()).toBe(true);
        expect(stage.files()).toEqual(expect.arrayContaining(IDENTITY_FILES));
        expect(stage.has(TOMBSTONE)).toBe(false);
      }
      emulator.faults.clear();
      emulator.shiftHostClock(host.systemId, 0);
      expect(await stage.succeed(PURGE)).toMatchObject({ changed: true });
    },
  );
});

describe.concurrent('tombstone and marker', () => {
  test.each([TOMBSTONE, MARKER])('a removal does not write %s through a symlink', async (name) => {
    const stage = await enrol();
    const target = join(directory(), 'elsewhere');
    writeFileSync(target, 'precious');
    symlinkSync(target, stage.path(name));
    await stage.succeed();
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(JSON.parse(readFileSync(stage.path(TOMBSTONE), 'utf8'))).toMatchObject({
      system_key: stage.host.systemId,
    });
  });

  test.each([TOMBSTONE, MARKER])('a removal does not write %s into a FIFO', async (name) => {
    const stage = await enrol();
    await execa('mkfifo', [stage.path(name)]);
    expect(await stage.succeed(PURGE, { signal: AbortSignal.timeout(20_000) })).toMatchObject({
      changed: true,
      warnings: [],
    });
    expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
  });

  test.each(['', '{"system_key":', 'null', '[]'])(
    'a tombstone and a marker count as missing if their content is %j',
    async (text) => {
      const stage = await enrol();
      for (const name of [TOMBSTONE, MARKER]) writeFileSync(stage.path(name), text);
      expect(await stage.succeed()).toMatchObject({ changed: true });
      expect((await stage.succeed()).changed).toBe(false);
    },
  );

  test.each([TOMBSTONE, MARKER])(
    'a removal deletes temporary files of %s that killed runs left',
    async (name) => {
      const stage = await enrol();
      const { pid, start, namespace, boot } = identifyThisProcess();
      const temporary = (of: readonly unknown[]) => `${name}.${of.join('-')}-x`;
      const livingFile = temporary([pid, start, namespace, boot]);
      const staleFiles = [
        temporary([pid, `1${start}`, namespace, boot]),
        // No process has this id, because Linux allows no id so high.
        temporary([99_999_999, start, namespace, boot]),
        temporary([pid, start, namespace, '0'.repeat(32)]),
      ];
      const otherNamespaceFile = temporary([pid, start, `1${namespace}`, boot]);
      for (const file of [livingFile, otherNamespaceFile, ...staleFiles])
        writeFileSync(stage.path(file), '{"sys');
      await stage.succeed(PURGE);
      expect(stage.files()).toEqual(
        [TOMBSTONE, livingFile, otherNamespaceFile, 'version.txt'].sort(),
      );
    },
  );

  test('a marker proves the removal to the next run when a full disk prevents the tombstone', async ({
    skip,
  }) => {
    const stage = await enrol();
    const disk = mountTmpfs(256 * 1024);
    if (disk === undefined) return skip('this machine does not allow mounting a file system');
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

test('three parallel removals succeed, and only one reports the removal', {
  timeout: 120_000,
}, async () => {
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
