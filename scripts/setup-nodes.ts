import { fetchedNodes, fetchNodes } from './bench/nodes.ts';

await fetchNodes();
console.log(`Node.js ${fetchedNodes().join(', ')} can be measured: npm run bench`);
