import { rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type KeyFiles, makeKeyFiles } from '../../emulator/keys.ts';
import { type Stage, setUpStages, TOMBSTONE } from './stage.ts';

const { enrol } = setUpStages();
const PURGE = { purge_identity: true };
const NEW_ID = 'a'.repeat(24);
let keys: KeyFiles;
beforeAll(async () => {
  keys = await makeKeyFiles();
});

function writeNewKey(stage: Stage): void {
  writeFileSync(stage.path('client.key'), keys.pkcs1);
}

/** Changes that a new registration can make to the files during a removal. */
const REGISTRATION_CHANGES: [what: string, change: (stage: Stage) => void, warning: RegExp][] = [
  [
    'a jcagent.conf of another system',
    (stage) => writeFileSync(stage.path('jcagent.conf'), JSON.stringify({ systemKey: NEW_ID })),
    new RegExp(`systemKey ${NEW_ID} is in jcagent.conf`),
  ],
  [
    'half a jcagent.conf',
    (stage) => writeFileSync(stage.path('jcagent.conf'), '{"systemKey":"5f1a'),
    /Nothing was purged: .* is not JSON/,
  ],
  ['no jcagent.conf', (stage) => rmSync(stage.path('jcagent.conf')), /no systemKey is in jcagent/],
  [
    'no jcagent.conf and a new key',
    (stage) => {
      writeNewKey(stage);
      rmSync(stage.path('jcagent.conf'));
    },
    /no systemKey is in jcagent.conf/,
  ],
  [
    'a jcagent.conf without systemKey',
    (stage) => writeFileSync(stage.path('jcagent.conf'), '{}'),
    /no systemKey is in jcagent.conf/,
  ],
  ['a new key', writeNewKey, /client.key has changed since this run started/],
];

describe.concurrent('a registration that starts during the removal', () => {
  test.each(REGISTRATION_CHANGES)(
    'a removal purges no files when a new registration has left %s',
    async (_, change, warning) => {
      const stage = await enrol();
      // The DELETE takes effect but gets no answer, so the run still waits while the files change.
      stage.emulator.faults.add({
        fault: { kind: 'silence', applied: true },
        when: ({ method }) => method === 'DELETE',
      });
      const running = stage.succeed({ ...PURGE, request_timeout: 3 });
      await stage.waitForFault();
      change(stage);
      const files = stage.files();
      const answer = await running;
      expect(answer).toMatchObject({ changed: true, purged: [] });
      expect(answer.warnings).toEqual([expect.stringMatching(warning)]);
      expect(stage.files().filter((name) => name !== TOMBSTONE)).toEqual(
        files.filter((name) => !name.startsWith('.')),
      );
    },
  );
});

describe.concurrent('purge_identity with system_id', () => {
  test.each([
    ['missing', undefined],
    ['without a systemKey', '{}'],
  ])(
    'a removal with purge_identity and system_id purges nothing when jcagent.conf is %s',
    async (_, conf) => {
      const stage = await enrol();
      if (conf === undefined) rmSync(stage.path('jcagent.conf'));
      else writeFileSync(stage.path('jcagent.conf'), conf);
      const options = { ...PURGE, system_id: stage.host.systemId };
      for (const flags of [['--check'], []]) {
        const answer = await stage.succeed(options, { flags });
        expect(answer).toMatchObject({ changed: false, purged: [] });
        expect(answer.warnings.join()).toContain('no id that matches system_id');
      }
      expect(stage.has('client.key')).toBe(true);
      // The tombstone provides the id to compare with system_id, so the run completes the removal.
      const tombstone = { system_key: stage.host.systemId, removed_at: '2026-01-01T00:00:00Z' };
      writeFileSync(stage.path(TOMBSTONE), JSON.stringify(tombstone));
      expect(await stage.succeed(options)).toMatchObject({ changed: true, warnings: [] });
      expect(stage.has('client.key')).toBe(false);
    },
  );
});
