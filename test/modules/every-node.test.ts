import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { issue, issueCa, makeCa } from '../emulator/keys.ts';
import { addSampleObjects } from '../emulator/sample-objects.ts';
import { executablePath, HOST_MODULE_NAMES, runModule } from '../harness/executable.ts';
import { test as base } from '../harness/fixture.ts';
import { Measurer } from '../harness/measurer.ts';
import { NODE_VERSIONS, nodePath } from '../harness/nodes.ts';
import { fullCall, WRITING_MODULES } from '../harness/sample-calls.ts';

/** The running Node.js, and the versions that `npm run setup:nodes` installs; others are skipped. */
const NODES: readonly (readonly [version: string, path: string])[] = [
  [process.versions.node, process.execPath],
  ...NODE_VERSIONS.filter((version) => version !== process.versions.node).map(
    (version) => [version, nodePath(version)] as const,
  ),
];

/** Maximum peak memory relative to the floor's; V8 reaches 1.5 if it ignores our flags. */
const MAX_MEMORY = 1.25;

const directory = mkdtempSync(join(tmpdir(), 'every-node-'));
const caPath = join(directory, 'ca.pem');
const measurer = new Measurer();
let emulator: Emulator;
/** An emulator with a certificate from an issuing CA. It sends that CA's certificate, too. */
let chained: Emulator;
const issuingPath = join(directory, 'issuing.pem');

base.beforeAll(async ({ startWith }) => {
  const ca = await makeCa();
  const issuing = await issueCa(ca);
  writeFileSync(caPath, ca.cert);
  writeFileSync(issuingPath, issuing.cert);
  emulator = await startWith({ tls: await issue(ca) });
  const { key, cert } = await issue(issuing);
  chained = await startWith({ tls: { key, cert: `${cert}\n${issuing.cert}` } });
});
afterAll(() => {
  measurer.close();
  rmSync(directory, { recursive: true });
});

describe.each(NODES)('Node.js %s', (version, node) => {
  const test = base.skipIf(!existsSync(node));
  test('every executable changes the host once and leaves stderr empty', async () => {
    const env = { JUMPCLOUD_NODE: node };
    for (const module of HOST_MODULE_NAMES) {
      const host = await emulator.enrol();
      addSampleObjects(emulator.store, host.systemId);
      const common = { agent_dir: host.agentDir, api_url: emulator.url, ca_path: caPath };
      const options = {
        ...common,
        ...fullCall(module, (type) => emulator.store.addNamed(type, type)),
      };
      for (const changed of [WRITING_MODULES.includes(module), false]) {
        const { answer, stderr } = await runModule(module, options, { env });
        expect([stderr, answer.failed ?? answer.changed], answer.msg).toEqual(['', changed]);
      }
    }
  });

  test('a run that gets a 503 loads the timer library and tries again after a pause', async () => {
    const host = await emulator.enrol();
    emulator.faults.add({ fault: { kind: 'status', status: 503 }, times: 1 });
    const { answer, stderr } = await runModule(
      'jumpcloud_system',
      {
        agent_dir: host.agentDir,
        api_url: emulator.url,
        ca_path: caPath,
        _ansible_verbosity: 2,
      },
      { env: { JUMPCLOUD_NODE: node } },
    );
    expect(stderr).toBe('');
    expect(answer).toMatchObject({ changed: false, api: { requests: 2, retries: 1 } });
  });

  test('an issuing CA is trusted without its root, or the error says what to do', async () => {
    const host = await chained.enrol();
    const run = async (ca_path: string) => {
      const options = { agent_dir: host.agentDir, api_url: chained.url, ca_path };
      return (await runModule('jumpcloud_system', options, { env: { JUMPCLOUD_NODE: node } }))
        .answer;
    };
    expect((await run(caPath)).failed).toBeUndefined();
    const answer = await run(issuingPath);
    if (Number.parseInt(version, 10) >= 20) expect(answer.failed, answer.msg).toBeUndefined();
    else {
      expect(answer).toMatchObject({ failed: true, error: { code: 'tls' } });
      expect(answer.msg).toMatch(
        / add the root to ca_path, or use Node\.js 20\.18, 22\.9 or later\.$/,
      );
    }
  });

  test('a run with limited address space succeeds, or the error says what to do', async () => {
    const host = await emulator.enrol();
    const options = { agent_dir: host.agentDir, api_url: emulator.url };
    const { stdout, stderr, exitCode } = await execa(
      'sh',
      ['-c', 'ulimit -v 4000000; exec "$1"', 'sh', executablePath('jumpcloud_system')],
      {
        env: { JUMPCLOUD_NODE: node, JUMPCLOUD_CA_STORE: 'system', SSL_CERT_FILE: caPath },
        input: JSON.stringify(options),
        reject: false,
      },
    );
    expect(stderr).toBe('');
    const answer = JSON.parse(stdout);
    if (Number.parseInt(version, 10) >= 20) {
      expect([answer.failed, exitCode], answer.msg).toEqual([undefined, 0]);
    } else {
      expect(answer).toMatchObject({ failed: true, error: { code: 'local_action_failed' } });
      expect(answer.msg).toMatch(
        /10 GB of address space .* Raise .*\(ulimit -v\) above 11 GB, or use Node\.js 20\.15, 22\.8 or later\.$/,
      );
    }
  });

  test('a truncated executable fails with one JSON object', async () => {
    const text = readFileSync(executablePath('jumpcloud_system'), 'utf8');
    const header = text.indexOf('*/\n"use strict"') + 3;
    const file = join(directory, 'cut');
    for (const length of [header, Math.floor(text.length / 2), text.length - 1]) {
      writeFileSync(file, text.slice(0, length));
      const cut = await execa('sh', [file, '{}'], { env: { JUMPCLOUD_NODE: node }, reject: false });
      expect(cut).toMatchObject({ stderr: '', exitCode: 1 });
      expect(JSON.parse(cut.stdout)).toMatchObject({
        failed: true,
        msg: `${file} is incomplete. Copy it to this host again.`,
        error: { code: 'local_action_failed' },
      });
    }
  });

  test('a short run spends no memory on optimising its code', async () => {
    const host = await emulator.enrol();
    addSampleObjects(emulator.store, host.systemId);
    const options = join(directory, 'options.json');
    writeFileSync(options, JSON.stringify({ agent_dir: host.agentDir, api_url: emulator.url }));
    const env = { JUMPCLOUD_NODE: node, NODE_EXTRA_CA_CERTS: caPath };
    const floor = join(projectDirectory, 'scripts/bench/floor.cjs');
    const floorRun = await measurer.run({ argv: [node, floor, options], env });
    const info = await measurer.run({
      argv: [executablePath('jumpcloud_system_info'), options],
      env,
    });
    expect([floorRun.exit, info.exit]).toEqual([0, 0]);
    expect(info.peak).toBeLessThan(floorRun.peak * MAX_MEMORY);
  });
});

base('an executable that node runs directly needs no shell header', async () => {
  const { stdout } = await execa(process.execPath, [executablePath('jumpcloud_system'), '--help']);
  expect(stdout).toMatch(/^jumpcloud_system: /);
});
