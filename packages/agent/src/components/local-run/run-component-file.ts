import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ComponentDocument, resolveComponentVariables } from '@patchbay/patching';
import { openMachine } from '../../machine/index.ts';
import { createDownloader } from '../download.ts';
import { type ComponentRunResult, runComponentPhase, type UpdateOperatingSystem } from '../run-component-phase.ts';
import type { ComponentLine } from '../step-log.ts';

export interface ComponentFileRun {
  readonly document: ComponentDocument;
  readonly parameters: ReadonlyMap<string, string>;
  readonly phases: readonly string[];
  readonly root: string;
  readonly workingDirectory: string;
  readonly signal: AbortSignal;
  readonly onLine: (line: ComponentLine) => void;
}

/** Runs a component in a root file system of this host, without a control plane. */
export async function runComponentFile(run: ComponentFileRun): Promise<ComponentRunResult> {
  const variables = resolveComponentVariables(run.document, run.parameters);
  const directory = await mkdtemp(join(tmpdir(), 'patchbay-component-'));
  try {
    const machine = await openMachine({
      root: run.root,
      workDirectory: join(directory, 'work'),
      access: 'read-write',
      keepsTemporaryFiles: true,
    });
    try {
      return await runComponentPhase({
        machine,
        document: run.document,
        variables,
        phases: run.phases,
        environment: {},
        workingDirectory: run.workingDirectory,
        canReboot: false,
        signal: run.signal,
        now: () => new Date(),
        onLine: run.onLine,
        download: createDownloader({ environment: process.env }),
        updateOperatingSystem: refuseUpdate,
        fetchComponent: async (arn) => ({
          ok: false,
          message: `${arn} can be found only by a control plane: put the document into the root and give its path`,
        }),
      });
    } finally {
      await machine.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const refuseUpdate: UpdateOperatingSystem = async () => ({ kind: 'failed', message: 'UpdateOS needs a control plane' });
