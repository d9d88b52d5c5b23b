import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ComponentLine,
  type ComponentRunRequest,
  type ComponentRunResult,
  createDownloader,
  type Machine,
  openMachine,
  runComponentPhase,
} from '@patchbay/agent';
import { describeDocumentProblem, readComponentDocument, resolveComponentVariables } from '@patchbay/patching';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';

export interface ComponentStage {
  /** Of the host, beside the root. */
  readonly folder: string;
  readonly root: TestRoot;
  readonly machine: Machine;
  /** Runs the steps, written as YAML without indentation, as the build phase of a component. */
  runSteps(steps: string, more?: Partial<ComponentRunRequest>): Promise<StageRun>;
  /** Runs a whole document. */
  runDocument(text: string, more?: Partial<ComponentRunRequest>): Promise<StageRun>;
  /** What a shell of the root's own prints, as a judge that shares nothing with the runner. */
  judge(script: string): Promise<string>;
  close(): Promise<void>;
}

export interface StageRun extends ComponentRunResult {
  readonly lines: readonly ComponentLine[];
  /** What steps printed, without what was said of them. */
  readonly output: string;
  /** Step, status and reason of each, one line for each. */
  readonly summary: string;
}

/** A real root of its own and a machine on it, as a builder opens one. */
export async function openComponentStage(): Promise<ComponentStage> {
  const folder = await mkdtemp(join(tmpdir(), 'components-'));
  const root = await createTestRoot({
    base: await prepareBaseRoot(),
    directory: join(folder, 'root'),
    archives: [],
    keyring: new Uint8Array(),
  });
  const machine = await openMachine({
    root: root.directory,
    workDirectory: join(folder, 'work'),
    access: 'read-write',
    keepsTemporaryFiles: true,
  });
  const runDocument: ComponentStage['runDocument'] = async (text, more = {}) => {
    const reading = readComponentDocument(text);
    if (!reading.ok) throw new Error(reading.problems.map(describeDocumentProblem).join('\n'));
    const lines: ComponentLine[] = [];
    const result = await runComponentPhase({
      machine,
      document: reading.document,
      variables: resolveComponentVariables(reading.document, new Map()),
      environment: {},
      workingDirectory: '/tmp',
      canReboot: false,
      signal: new AbortController().signal,
      now: () => new Date(),
      onLine: (line) => lines.push(line),
      updateOperatingSystem: async () => ({ kind: 'failed', message: 'nobody updates here' }),
      download: createDownloader({ environment: {} }),
      fetchComponent: async () => ({ ok: false, message: 'nobody has components here' }),
      ...more,
    });
    const said = lines.filter(({ stream }) => stream !== 'info').map(({ text }) => text);
    const summary = result.phases.flatMap(({ steps }) =>
      steps.map(({ step, status, failureMessage }) =>
        [step, status, ...(failureMessage ? [failureMessage] : [])].join(': '),
      ),
    );
    return { ...result, lines, output: said.join('\n'), summary: summary.join('\n') };
  };
  return {
    folder,
    root,
    machine,
    runDocument,
    runSteps: (steps, more) =>
      runDocument(
        `schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n${steps.trim().replaceAll(/^(?=.)/gm, '      ')}\n`,
        more,
      ),
    async judge(script) {
      const { stdout, stderr } = await root.run(['sh', '-c', script]);
      return `${stdout}${stderr}`.trim();
    },
    async close() {
      await machine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
