import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { requiredNode } from '../../../scripts/build/required-node.ts';
import { type Controller, hasAnsible, makeController } from '../../harness/ansible/controller.ts';
import { runInChroot } from '../../packages/debian-root.ts';
import { BuiltPackages, canPack, describeRuntimePackage } from '../../packages/packed.ts';
import { type BareMachine, bareRelease, hasBareMachine, startBareMachine } from './bare-machine.ts';

const ROLE = 'systemcontext.jumpcloud.runtime';
const canRun = hasAnsible && canPack.deb && (await hasBareMachine());

describe.runIf(hasAnsible)('the role runtime on a host with Node.js', () => {
  let controller: Controller;
  beforeAll(async () => {
    controller = await makeController({ ANSIBLE_PIPELINING: 'true' });
  });
  afterAll(() => controller?.remove());

  test('a suitable Node.js is accepted without a change, even if facts and Python are missing', async () => {
    const { recap, output } = await controller.play(
      [{ 'ansible.builtin.import_role': { name: ROLE } }],
      { play: { vars: { ansible_python_interpreter: '/nonexistent/python' } } },
    );
    expect(recap, output).toMatchObject({ ok: 3, changed: 0, failed: 0 });
  });
});

describe.runIf(canRun)('the role runtime on a bare machine', { timeout: 300_000 }, () => {
  let controller: Controller;
  let machine: BareMachine;
  let packed: BuiltPackages;
  let deb: string;
  let sum: string;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    controller = await makeController({ ANSIBLE_PIPELINING: 'true' });
    packed = await BuiltPackages.make();
    const description = await describeRuntimePackage('x64');
    if (description === undefined) throw new Error('the Node.js to pack could not be fetched');
    const path = await packed.deb(description);
    sum = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    deb = await controller.copy(path);
    server = createServer((_, response) => createReadStream(path).pipe(response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    url = `http://127.0.0.1:${address.port}/${basename(path)}`;
    machine = await startBareMachine(controller);
  }, 300_000);
  afterAll(async () => {
    server?.close();
    await machine?.close();
    await packed?.remove();
    await controller?.remove();
  });
  afterEach(async () => {
    await runInChroot(machine.root, ['dpkg', '--purge', 'jumpcloud-system-context-node']);
  });

  const run = async (variables: object, flags: readonly string[] = []) => {
    const hosts = { all: { hosts: { bare: machine.vars } } };
    const inventory = await controller.put('bare/hosts.yml', stringify(hosts));
    const role = { role: ROLE, ...variables };
    const plays = [{ hosts: 'bare', gather_facts: false, roles: [role] }];
    const playbook = await controller.put('bare/runtime.yml', stringify(plays));
    const { recaps, output } = await controller.playbook(playbook, {
      flags: ['-i', inventory, ...flags],
    });
    return { recap: recaps['bare'], output };
  };
  const node = (path: string) => runInChroot(machine.root, [path, '--version']);

  test.each(['a path', 'an address'])(
    'the runtime package is installed from %s if its checksum is right',
    async (from) => {
      const variables = {
        jumpcloud_runtime_distribution: false,
        jumpcloud_runtime_package: from === 'a path' ? deb : url,
        jumpcloud_runtime_checksum: sum.toUpperCase(),
      };
      const check = await run(variables, ['--check', '--diff']);
      expect(check.recap, check.output).toMatchObject({ changed: 1, failed: 0 });
      expect(check.output).toContain(`Would install ${basename(deb)}`);
      const first = await run(variables, ['--diff']);
      expect(first.recap, first.output).toMatchObject({ changed: 1, failed: 0 });
      expect((await node('/usr/lib/jumpcloud-system-context/node')).exitCode).toBe(0);
      expect((await node('/usr/bin/node')).exitCode).not.toBe(0);
      for (const flags of [[], ['--check']]) {
        const second = await run(variables, flags);
        expect(second.recap, second.output).toMatchObject({ ok: 3, changed: 0, failed: 0 });
      }
      const { stdout } = await runInChroot(machine.root, [
        'sh',
        '-c',
        'ls -d /tmp/jumpcloud-runtime-*',
      ]);
      expect(stdout).toBe('');
    },
  );

  test.each(['a path', 'an address'])(
    'a package from %s with a wrong checksum is refused',
    async (from) => {
      const variables = {
        jumpcloud_runtime_distribution: false,
        jumpcloud_runtime_package: from === 'a path' ? deb : url,
        jumpcloud_runtime_checksum: sum.replace(/./g, (digit) => (digit === '0' ? '1' : '0')),
      };
      const { recap, output } = await run(variables);
      expect(recap, output).toMatchObject({ changed: 0, failed: 1 });
      expect((await node('/usr/lib/jumpcloud-system-context/node')).exitCode).not.toBe(0);
      const { stdout } = await runInChroot(machine.root, [
        'sh',
        '-c',
        'ls -d /tmp/jumpcloud-runtime-*',
      ]);
      expect(stdout).toBe('');
    },
  );

  test('without a suitable Node.js, the role reports a missing or wrong package, missing Python or a missing checksum', async () => {
    const policy = 'echo "nodejs:"; echo "  Candidate: 1:12.22.12~dfsg-1~deb11u4"';
    await writeFile(join(machine.root, 'usr/local/bin/apt-cache'), `#!/bin/sh\n${policy}\n`, {
      mode: 0o755,
    });
    const nothing = await run({});
    expect(nothing.recap, nothing.output).toMatchObject({ changed: 0, failed: 1 });
    expect(nothing.output).toContain(`requires Node.js ${requiredNode} or later`);
    expect(nothing.output).toContain('jumpcloud_runtime_package names no .deb or .rpm');
    const noPython = await run({}, ['-e', 'ansible_python_interpreter=/nonexistent/python']);
    expect(noPython.recap, noPython.output).toMatchObject({ changed: 0, failed: 1 });
    expect(noPython.output).toContain('needs Python on the host');
    const rpm = await run({ jumpcloud_runtime_package: deb.replace(/deb$/, 'rpm') }, ['--check']);
    expect(rpm.recap, rpm.output).toMatchObject({ changed: 0, failed: 1 });
    expect(rpm.output).toContain('installs packages with apt. Set it to a .deb for this host');
    const unchecked = await run({ jumpcloud_runtime_package: deb });
    expect(unchecked.output).toContain('SHA256SUMS into jumpcloud_runtime_checksum');
    await rm(join(machine.root, 'usr/local/bin/apt-cache'));
  });

  // This test is the last one, because its installation cannot be undone completely.
  test('the Node.js of the distribution is installed if it is new enough', async () => {
    const check = await run({}, ['--check']);
    expect(check.recap, check.output).toMatchObject({ changed: 1, failed: 0 });
    expect((await node('/usr/bin/node')).exitCode).not.toBe(0);
    const first = await run({});
    expect(first.recap, first.output).toMatchObject({ changed: 1, failed: 0 });
    const version = bareRelease === 'bookworm' ? /^v18\.\d+/ : /^v20\.\d+/;
    expect((await node('/usr/bin/node')).stdout).toMatch(version);
    const second = await run({});
    expect(second.recap, second.output).toMatchObject({ ok: 3, changed: 0, failed: 0 });
  });
});
