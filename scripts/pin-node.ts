import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDirectory } from './build/project-directory.ts';
import { pinNode } from './package/pin-node.ts';

const [version] = process.argv.slice(2);
if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
  console.error('Give the version of Node.js to package: npm run pin-node -- VERSION');
  process.exitCode = 1;
} else {
  const file = join(projectDirectory, 'packaging/runtime.json');
  await writeFile(file, `${JSON.stringify(await pinNode(version), null, 2)}\n`);
  console.log(`packaging/runtime.json pins Node.js ${version}. Run: npx vitest run test/packages`);
}
