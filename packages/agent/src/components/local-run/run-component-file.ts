import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ComponentDocument, resolveComponentVariables } from '@patchbay/patching';
import { openMachine } from '../../machine/index.ts';
import { createDownloader } from '../download.ts';
import { type ComponentRunResult, runComponentPhase } from '../run-component-phase.ts';
import type { ComponentLine } from '../step-log.ts';
import { openLogDirectory } from './log-directory.ts';
import { createRootUpdater } from './update-root.ts';

export interface ComponentFileRun {
  readonly document: ComponentDocument;
  /** Of the document. */
  readonly text: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly phases: readonly string[];
  readonly root: string;
  readonly workingDirectory: string;
  /** For UpdateOS: a file as GetPatchBaseline prints it; null for the predefined baseline. */
  readonly baselineFile: string | null;
  readonly clockDirectory: string;
  /** In which a folder with the logs is made; null for none. */
  readonly logDirectory: string | null;
  readonly signal: AbortSignal;
  readonly onLine: (line: ComponentLine) => void;
}

export interface ComponentFileResult extends ComponentRunResult {
  readonly logDirectory: string | null;
}

/**
 * Runs a component in a root file system of this host, without a control plane.
 *
 * @throws ComponentRunError STOPPED, ComponentParameterError, MachineError when the root cannot be entered
 */
export async function runComponentFile(run: ComponentFileRun): Promise<ComponentFileResult> {
  const { document, root, signal } = run;
  const now = () => new Date();
  const variables = resolveComponentVariables(document, run.parameters);
  const directory = await mkdtemp(join(tmpdir(), 'patchbay-component-'));
  const work = { workDirectory: join(directory, 'work'), clockDirectory: run.clockDirectory };
  try {
    const machine = await openMachine({ root, ...work, access: 'read-write', keepsTemporaryFiles: true });
    const log =
      run.logDirectory === null
        ? null
        : openLogDirectory(run.logDirectory, { document, text: run.text, startedAt: now() });
    let result: ComponentRunResult | null = null;
    try {
      result = await runComponentPhase({
        machine,
        document,
        variables,
        phases: run.phases,
        environment: {},
        workingDirectory: run.workingDirectory,
        canReboot: false,
        signal,
        now,
        onLine: (line) => {
          log?.write(line);
          run.onLine(line);
        },
        download: createDownloader({ environment: process.env }),
        updateOperatingSystem: createRootUpdater({ root, ...work, baselineFile: run.baselineFile, now }),
        fetchComponent: async (arn) => ({
          ok: false,
          message: `${arn} can be found only by a control plane: put the document into the root and give its path`,
        }),
      });
      return { ...result, logDirectory: log?.path ?? null };
    } finally {
      log?.finish(result, now());
      await machine.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
