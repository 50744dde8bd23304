import { join } from 'node:path';
import { replaceFile } from '../src/agent/write-file-atomic.ts';
import { ModuleError } from '../src/base/errors.ts';
import { type CommandOptions, parseCommandOptions, UsageError } from './probe/command-options.ts';
import { MissingCredentials, takeCredentials } from './probe/credentials.ts';
import { dryRun } from './probe/dry-run.ts';
import { UnusableHost } from './probe/host-check.ts';
import { SurveyError } from './probe/organisation.ts';
import { requireAnonymous, toReport } from './probe/report.ts';
import { toMarkdown } from './probe/report-markdown.ts';
import { runProbe } from './probe/run-probe.ts';

/**
 * The maximum time to wait until a change is visible, in milliseconds. A change that is not visible
 * by then counts as ineffective.
 */
const SETTLE_MS = 3000;
const EXPECTED_ERRORS = [UsageError, MissingCredentials, UnusableHost, SurveyError, ModuleError];

const print = (line: string) => void process.stdout.write(`${line}\n`);
// Ignores a closed terminal, so that the run still cleans up.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

async function main(): Promise<void> {
  const options = parseCommandOptions(process.argv.slice(2));
  if (options.isReal) return runOnHost(options);
  print('These requests would be sent. Nothing is sent now: the run below is against an emulator.');
  print(
    'Each {…} stands for an id or a name. Other answers than the assumed ones change requests.\n',
  );
  await dryRun(options.deletesRecord, print);
  print('\nTo send them, add --yes. Read docs/probe.md first.');
}

async function runOnHost(options: CommandOptions): Promise<void> {
  const credentials = takeCredentials(process.env, options.tokenUrl);
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (interruption.signal.aborted) return;
      print(`${name}: the probe cleans up and ends.`);
      interruption.abort(new Error(`interrupted by ${name}`));
    });
  }
  const outcome = await runProbe({
    ...options,
    credentials,
    stop: interruption.signal,
    settleMs: SETTLE_MS,
    onProgress: print,
  });
  const report = toReport(outcome, outcome.anonymiser);
  const files = {
    'probe-report.json': `${JSON.stringify(report, null, 2)}\n`,
    'probe-report.md': toMarkdown(report),
  };
  for (const text of Object.values(files)) requireAnonymous(text, credentials.secrets);
  for (const [name, text] of Object.entries(files))
    replaceFile(join(options.outputDir, name), text);
  print(`The report is in ${join(options.outputDir, 'probe-report.json')} and probe-report.md.`);
  const { cleanUp } = outcome;
  const isClean = cleanUp?.left.length === 0 && cleanUp.isRecordRestored !== false;
  if (!isClean) print('Not everything was cleaned up. Run the probe again.');
  if (!isClean) process.exitCode = 1;
  else if (interruption.signal.aborted) process.exitCode = 130;
}

main().catch((error: unknown) => {
  const isExpected = EXPECTED_ERRORS.some((kind) => error instanceof kind);
  console.error(isExpected ? (error as Error).message : error);
  process.exitCode = 1;
});
