import { fetchedNodes, fetchNodes } from '../test/harness/nodes.ts';

await fetchNodes();
console.log(
  `Node.js ${fetchedNodes().join(', ')} are installed for npm run bench and for the tests of executables in npm test`,
);
