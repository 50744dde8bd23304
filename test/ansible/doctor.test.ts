import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { stringify } from 'yaml';
import { hasAnsible } from '../harness/ansible/controller.ts';
import { test } from '../harness/ansible/fixture.ts';
import { hasSshServer, startSshServer } from '../harness/ansible/ssh-server.ts';
import { closeConnections, sshVariables } from '../harness/ansible/ssh-variables.ts';
import { checkNamesWith } from '../resources/doctor/examination.ts';

describe.runIf(hasAnsible && hasSshServer)(
  'jumpcloud_doctor over SSH',
  { timeout: 300_000 },
  () => {
    test('jumpcloud_doctor returns all checks, succeeds on a healthy host, and fails on a broken one unless failed_when is false', async ({
      controller,
      emulator,
      onTestFinished,
    }) => {
      const server = await startSshServer();
      onTestFinished(async () => {
        await closeConnections(controller);
        await server.close();
      });
      const healthy = await emulator.enrol();
      const broken = await emulator.enrol();
      rmSync(join(broken.agentDir, 'client.key'));
      const variables = await sshVariables(controller, server);
      const inventory = await controller.put(
        'doctor.yml',
        stringify({ all: { hosts: { web: variables } } }),
      );
      const examine = (name: string, agent_dir: string, more = {}) => ({
        name,
        'systemcontext.jumpcloud.jumpcloud_doctor': { agent_dir, api_url: emulator.url },
        register: name,
        ...more,
      });
      const { recap, registered, output } = await controller.play(
        [
          examine('healthy', healthy.agentDir),
          examine('ignored', broken.agentDir, { ignore_errors: true }),
          examine('collected', broken.agentDir, { failed_when: false, check_mode: true }),
        ],
        { play: { hosts: 'web', connection: 'ssh' }, flags: ['-i', inventory] },
      );
      expect(recap, output).toMatchObject({ ok: 6, changed: 0, failed: 0 });
      const { healthy: first, ignored, collected } = registered;
      expect(checkNamesWith({ warnings: [], ...first } as never, 'failed')).toEqual([]);
      expect(ignored).toMatchObject({ failed: true, error: { code: 'not_enrolled' } });
      expect(checkNamesWith({ warnings: [], ...ignored } as never, 'failed')).toEqual(['key']);
      expect(collected).toMatchObject({ failed: false, error: { code: 'not_enrolled' } });
      expect(collected?.['checks']).toEqual(ignored?.['checks']);
    });
  },
);
