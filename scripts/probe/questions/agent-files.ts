import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { defineQuestion, type Probe, verdictIf } from '../question.ts';
import { UnansweredQuestion } from '../unanswered-question.ts';

const AGENT_FILES = ['jcagent.conf', 'client.key', 'client.crt', 'ca.crt'];

/**
 * Asks who can read the agent's files, and in which format the key is. Uses only file modes and
 * owners, and the key's first line. Sends no request.
 */
export const agentFiles = defineQuestion({
  id: 'agent_files',
  question: "Who can read the agent's directory and files, and in which format is the key?",
  assumption: 'The directory has mode 0700, its files 0600, and root owns them. The key is PKCS#1.',
  confidence: 'one source',
  otherwise:
    'Both formats of the key are read. A key that every user can read causes a warning, nothing else.',
  async ask({ agentDir }: Probe) {
    try {
      const paths = [agentDir, ...AGENT_FILES.map((name) => join(agentDir, name))];
      const [directory, ...files] = paths.map((path) => statSync(path));
      const modes = new Set(files.map(({ mode }) => formatMode(mode)));
      const [line] = readFileSync(join(agentDir, 'client.key'), 'utf8').split('\n');
      return {
        directory_mode: formatMode(directory?.mode ?? 0),
        file_modes: [...modes].sort().join(', '),
        owned_by_root: [directory, ...files].every((stat) => stat?.uid === 0),
        key: line?.includes('RSA PRIVATE KEY') ? 'PKCS#1' : 'other',
      };
    } catch {
      throw new UnansweredQuestion("the agent's files could not be read");
    }
  },
  judge: ({ directory_mode, file_modes, owned_by_root, key }) => ({
    verdict: verdictIf(
      directory_mode === '0700' && file_modes === '0600' && owned_by_root && key === 'PKCS#1',
    ),
    summary: `Directory ${directory_mode}, files ${file_modes}, ${owned_by_root ? 'all owned by root' : 'not all owned by root'}, key ${key}.`,
    module: 'The modules read the key. If every user can read it, they warn.',
  }),
});

function formatMode(mode: number): string {
  return `0${(mode & 0o777).toString(8)}`;
}
