import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { issueCa, issueServerCertificate, makeCa } from '../emulator/keys.ts';
import { addSampleObjects } from '../emulator/sample-objects.ts';
import { executablePath, HOST_MODULE_NAMES, runModule } from '../harness/executable.ts';
import { test as base } from '../harness/fixture.ts';
import { Measurer } from '../harness/measurer.ts';
import { NODE_VERSIONS, nodePath } from '../harness/nodes.ts';
import { fullOptions, WRITING_MODULES } from '../harness/sample-calls.ts';
import { sampleRows } from '../harness/sample-size.ts';

/**
 * The running Node.js and the versions that `npm run setup:nodes` installs. Tests of a missing
 * version are skipped.
 */
const NODES: readonly (readonly [version: string, path: string])[] = [
  [process.versions.node, process.execPath],
  ...NODE_VERSIONS.filter((version) => version !== process.versions.node).map(
    (version) => [version, nodePath(version)] as const,
  ),
];

/**
 * The maximum peak memory of a run, relative to floor.cjs. Without its V8 flags, a run reaches 1.5.
 */
const MAX_MEMORY_RATIO = 1.25;

const directory = mkdtempSync(join(tmpdir(), 'every-node-'));
const caPath = join(directory, 'ca.pem');
const measurer = new Measurer();
let emulator: Emulator;
/** An emulator that sends the certificates of the server and of its issuing CA. */
let chainEmulator: Emulator;
const issuingPath = join(directory, 'issuing.pem');

base.beforeAll(async ({ startWith }) => {
  const ca = await makeCa();
  const issuing = await issueCa(ca);
  writeFileSync(caPath, ca.cert);
  writeFileSync(issuingPath, issuing.cert);
  emulator = await startWith({ tls: await issueServerCertificate(ca) });
  const { key, cert } = await issueServerCertificate(issuing);
  chainEmulator = await startWith({ tls: { key, cert: `${cert}\n${issuing.cert}` } });
});
afterAll(() => {
  measurer.close();
  rmSync(directory, { recursive: true });
});

describe.each(NODES)('Node.js %s', (version, node) => {
  const test = base.skipIf(!existsSync(node));
  test('executables change the host at most in the first run and write nothing to stderr', async () => {
    const env = { JUMPCLOUD_NODE: node };
    for (const module of sampleRows(HOST_MODULE_NAMES)) {
      const host = await emulator.enrol();
      addSampleObjects(emulator.store, host.systemId);
      const common = { agent_dir: host.agentDir, api_url: emulator.url, ca_path: caPath };
      const options = {
        ...common,
        ...fullOptions(module, (type) => emulator.store.addNamed(type, type)),
      };
      for (const changed of [WRITING_MODULES.includes(module), false]) {
        const { answer, stderr } = await runModule(module, options, { env });
        expect([stderr, answer.failed ?? answer.changed], answer.msg).toEqual(['', changed]);
      }
    }
  });

  test("after a 503, a run loads Node.js's timers and its own late chunk, and then retries", async () => {
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

  test('ca_path accepts an issuing CA without its root; a Node.js too old for this fails with advice', async () => {
    const host = await chainEmulator.enrol();
    const run = async (ca_path: string) => {
      const options = { agent_dir: host.agentDir, api_url: chainEmulator.url, ca_path };
      return (await runModule('jumpcloud_system', options, { env: { JUMPCLOUD_NODE: node } }))
        .answer;
    };
    expect((await run(caPath)).failed).toBeUndefined();
    const answer = await run(issuingPath);
    if (Number.parseInt(version, 10) >= 20) expect(answer.failed, answer.msg).toBeUndefined();
    else {
      expect(answer).toMatchObject({ failed: true, error: { code: 'tls' } });
      expect(answer.msg).toMatch(
        / Add the root to ca_path\. Alternatively, update Node\.js to at least 20\.18 \(version 20\) or 22\.9 \(version 22\)\.$/,
      );
    }
  });

  test('a run with limited address space either succeeds or fails with a message that says what to do', async () => {
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
        /10 GB of address space .* Raise .*\(ulimit -v\) above 11 GB\. Alternatively, update Node\.js to 20\.15 or a later 20\.x, or to 22\.8 or later\.$/,
      );
    }
  });

  test('a truncated executable prints one JSON object and exits with status 1', async () => {
    const text = readFileSync(executablePath('jumpcloud_system'), 'utf8');
    const header = text.indexOf('*/\n"use strict"') + 3;
    const file = join(directory, 'cut');
    for (const length of [header, Math.floor(text.length / 2), text.length - 1]) {
      writeFileSync(file, text.slice(0, length));
      const truncatedRun = await execa('sh', [file, '{}'], {
        env: { JUMPCLOUD_NODE: node },
        reject: false,
      });
      expect(truncatedRun).toMatchObject({ stderr: '', exitCode: 1 });
      expect(JSON.parse(truncatedRun.stdout)).toMatchObject({
        failed: true,
        msg: `${file} is incomplete. Copy it to this host again.`,
        error: { code: 'local_action_failed' },
      });
    }
  });

  test('a short run needs at most 1.25 times the memory of a program that sends one GET', async () => {
    const host = await emulator.enrol();
    addSampleObjects(emulator.store, host.systemId);
    const options = join(directory, 'options.json');
    writeFileSync(options, JSON.stringify({ agent_dir: host.agentDir, api_url: emulator.url }));
    const env = { JUMPCLOUD_NODE: node, NODE_EXTRA_CA_CERTS: caPath };
    const floorScript = join(projectDirectory, 'scripts/bench/floor.cjs');
    const floorRun = await measurer.run({ argv: [node, floorScript, options], env });
    const info = await measurer.run({
      argv: [executablePath('jumpcloud_system_info'), options],
      env,
    });
    expect([floorRun.exit, info.exit]).toEqual([0, 0]);
    expect(info.peak).toBeLessThan(floorRun.peak * MAX_MEMORY_RATIO);
  });
});

base('node runs an executable directly, without its shell header', async () => {
  const { stdout } = await execa(process.execPath, [executablePath('jumpcloud_system'), '--help']);
  expect(stdout).toMatch(/^jumpcloud_system: /);
});
