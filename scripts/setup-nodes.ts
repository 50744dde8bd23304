import { fetchedNodes, fetchNodes } from '../test/harness/nodes.ts';

await fetchNodes();
console.log(
  `Node.js ${fetchedNodes().join(', ')} are there: for npm run bench, and for npm test to run the executables on`,
);
