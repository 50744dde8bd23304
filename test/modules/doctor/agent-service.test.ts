import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect } from 'vitest';
import { test } from '../../harness/fixture.ts';
import { canHaveMounts, onHostWithPrograms } from '../../harness/host-with-programs.ts';
import { checkNamesWith, checksOf } from '../../resources/doctor/examination.ts';
import { writeProgram } from '../removal/stage.ts';

const directory = mkdtempSync(join(tmpdir(), 'doctor-service-'));
afterAll(() => rmSync(directory, { recursive: true }));

beforeEach(({ skip }) => {
  if (!canHaveMounts()) skip('this machine does not allow mount namespaces');
});

const showUnit = (load: string, active: string) =>
  `[ "$*" = "show jcagent -p LoadState -p ActiveState" ] && printf 'LoadState=%s\\nActiveState=%s\\n' ${load} ${active}`;

describe.concurrent("the agent's service", () => {
  const rows: [
    tool: 'systemctl' | 'service' | 'launchctl' | 'none',
    script: string,
    status: string,
    detail: RegExp,
    advice: RegExp,
  ][] = [
    ['systemctl', showUnit('loaded', 'active'), 'ok', /is running, according to systemctl/, /^$/],
    [
      'systemctl',
      showUnit('loaded', 'failed'),
      'warning',
      /is not running/,
      /^Start it: systemctl enable --now jcagent$/,
    ],
    [
      'systemctl',
      showUnit('not-found', 'inactive'),
      'warning',
      /is not installed/,
      /^Install the JumpCloud agent/,
    ],
    [
      'systemctl',
      'echo "Failed to connect to bus" >&2; exit 1',
      'skipped',
      /failed with 1: Failed to connect to bus/,
      /^$/,
    ],
    ['systemctl', 'sleep 60', 'skipped', /did not answer within 4 s/, /^$/],
    ['service', '[ "$*" = "jcagent status" ]', 'ok', /is running, according to service/, /^$/],
    ['service', 'exit 3', 'warning', /is not running/, /^Start it: service jcagent start$/],
    [
      'service',
      'echo "jcagent: unrecognized service"; exit 1',
      'warning',
      /is not installed/,
      /^Install/,
    ],
    ['service', 'exit 4', 'skipped', /"service jcagent status" failed with 4/, /^$/],
    ['launchctl', 'echo "	state = running"', 'ok', /according to launchctl/, /^$/],
    [
      'launchctl',
      'echo "Could not find service" >&2; exit 113',
      'warning',
      /is not installed/,
      /^Install/,
    ],
    [
      'none',
      '',
      'skipped',
      /no running systemd, and neither of the commands `service` and `launchctl`/,
      /^$/,
    ],
  ];
  test.for(rows)(
    'with a fake service manager `%s` that runs the script %j, the check agent_service has the status `%s`',
    async ([tool, script, status, detail, advice], { host }) => {
      const programs = mkdtempSync(join(directory, 'programs-'));
      if (tool !== 'none') writeProgram(programs, tool, script);
      const { answer, stderr } = await host.run(
        'jumpcloud_doctor',
        { timeout: script.startsWith('sleep') ? 4 : 60 },
        {
          env: { PATH: '/usr/bin:/bin', JUMPCLOUD_NODE: process.execPath },
          through: onHostWithPrograms({ programs, systemd: tool === 'systemctl' }),
        },
      );
      expect([stderr, ...checkNamesWith(answer, 'failed')]).toEqual(['']);
      expect(checksOf(answer).agent_service).toMatchObject({
        status,
        detail: expect.stringMatching(detail),
        advice: expect.stringMatching(advice),
      });
    },
  );
});
