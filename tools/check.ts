import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** What failed, a line each: the end of a long log is the part that is read, and sometimes the only part kept. */
  failures: string[];
}

/** The part read here of what vitest's JSON reporter writes. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] | null }[];
  }[];
}

const root = dirname(import.meta.dirname);
const environment = {
  ...process.env,
  PATH: [dirname(process.execPath), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
};

function run(title: string, command: string, ...commandArguments: string[]): number {
  console.log(`\n── ${title}`);
  const began = Date.now();
  const { status, error } = spawnSync(command, commandArguments, {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) console.error(`${command}: ${error.message}`);
  console.log(`── ${title}: ${status === 0 ? 'ok' : 'FAILED'} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  return status ?? 1;
}

function runStep(title: string, command: string, ...commandArguments: string[]): Counts {
  const isGood = run(title, command, ...commandArguments) === 0;
  return { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, skipped: 0, failures: isGood ? [] : [title] };
}

function listFailures(report: Report): string[] {
  return report.testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const file = relative(root, name);
      const tests = assertionResults.filter(({ status }) => status === 'failed');
      if (tests.length === 0) return [`${file}: ${message.split('\n')[0]}`];
      return tests.map((test) => `${file}: ${test.fullName}: ${test.failureMessages?.[0]?.split('\n')[0] ?? ''}`);
    });
}

function runTests(project: string, ...choice: string[]): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-check-'));
  const report = join(folder, 'report.json');
  try {
    const status = run(
      `tests: ${project}`,
      'vitest',
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...choice,
    );
    const result = JSON.parse(readFileSync(report, 'utf8')) as Report;
    // A suite that could not even be loaded has no failed test of its own; it must not look like success.
    const failed = status === 0 ? result.numFailedTests : Math.max(1, result.numFailedTests);
    const failures = listFailures(result);
    return {
      passed: result.numPassedTests,
      failed,
      skipped: result.numPendingTests + result.numTodoTests,
      failures: failed > 0 && failures.length === 0 ? [`tests: ${project}`] : failures,
    };
  } catch (error) {
    console.error(`${project}: no report was written (${String(error)})`);
    return { passed: 0, failed: 1, skipped: 0, failures: [`tests: ${project}: no report`] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, all: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (values.help) {
  console.log(`Usage: ./check [--quick | --all]

  (nothing)  format, lint, types, unit, database and conformance tests
  --quick    format, lint, types and unit tests only, without those that ask apt, dpkg and rpm thousands of
             times (under a minute)
  --all      everything, and the long system tests (the real Debian archive, 50,000 fuzzed requests,
             faults of ten nodes, a machine that boots in QEMU)`);
  process.exit(0);
}

const results: Counts[] = [
  runStep('format', 'biome', 'check', '.'),
  runStep('lint', 'oxlint', '--type-aware', '--deny-warnings'),
  runStep('types', 'tsc', '-p', 'tsconfig.json'),
  runTests('unit', ...(values.quick ? ['--exclude', '**/*.differential.test.ts'] : [])),
];
if (!values.quick) results.push(runTests('db'), runTests('conformance'));
if (values.all) results.push(runTests('system'));

const total = results.reduce<Counts>(
  (sum, counts) => ({
    passed: sum.passed + counts.passed,
    failed: sum.failed + counts.failed,
    skipped: sum.skipped + counts.skipped,
    failures: [...sum.failures, ...counts.failures],
  }),
  { passed: 0, failed: 0, skipped: 0, failures: [] },
);
if (total.failures.length > 0) console.log(`\nFailed:\n${total.failures.map((line) => `  ${line}`).join('\n')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
