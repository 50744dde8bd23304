import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { DMI, GROUPS } from '../modules/facts/cloud-machine.ts';
import { test } from '../modules/facts/machine-test.ts';
import { EXAMPLES } from './sandbox.ts';

const readExample = async (path: string) =>
  JSON.parse(await readFile(join(EXAMPLES, path), 'utf8'));

test('autoscaling/host.json gives a host the name and groups of its role, and fails if the role is unknown or missing', async ({
  machine,
}) => {
  const example = await readExample('autoscaling/host.json');
  const { settle: _, ...system } = example.system;
  const options = { ...example, system, registration_timeout: 0 };
  const boot = async (tags: Record<string, string>) => {
    const metadata = { cloud: 'ec2', tags } as const;
    const call = { module: 'jumpcloud_host', options, flags: ['--diff'] } as const;
    const { answers, jumpcloud } = await machine.run({ dmi: DMI.ec2, metadata }, call);
    return { answer: answers[0]?.answer, jumpcloud };
  };
  for (const role of ['web', 'db'] as const) {
    const { answer } = await boot({ Role: role, 'aws:autoscaling:groupName': 'shop' });
    expect(answer).toMatchObject({
      changed: true,
      sections: {
        system: {
          settings: {
            display_name: `${role}-i-0123456789abcdef0`,
            attributes: {
              role,
              autoscaling_group: 'shop',
              instance_id: 'i-0123456789abcdef0',
              account: '123456789012',
              region: 'eu-central-1',
            },
          },
        },
        groups: { groups: [GROUPS[role], GROUPS.linux].sort() },
      },
    });
  }
  const foreign = await boot({ Role: 'domain-admins' });
  expect(foreign.answer).toMatchObject({ error: { code: 'invalid_arguments' } });
  const missing = await boot({});
  expect(missing.answer).toMatchObject({ error: { code: 'fact_unavailable' } });
  expect([...foreign.jumpcloud, ...missing.jumpcloud]).toEqual([]);
});
