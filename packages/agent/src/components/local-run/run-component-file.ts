import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ComponentDocument, resolveComponentVariables } from '@patchbay/patching';
import { openMachine } from '../../machine/index.ts';
import { openProxiedNetwork, type RefusedRequest } from '../../network/index.ts';
import { createDownloader } from '../download.ts';
import { type ComponentRunResult, runComponentPhase } from '../run-component-phase.ts';
import type { ComponentLine } from '../step-log.ts';
import { type LogDirectory, openLogDirectory } from './log-directory.ts';
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
  /** The hosts that steps may reach (`readAllowedHosts`); null for all that this host reaches. */
  readonly allowedHosts: readonly string[] | null;
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
 * @throws ComponentRunError STOPPED, ComponentParameterError, NetworkError, MachineError when the root cannot be entered
 */
export async function runComponentFile(run: ComponentFileRun): Promise<ComponentFileResult> {
  const { document, text, root, signal } = run;
  const now = () => new Date();
  const variables = resolveComponentVariables(document, run.parameters);
  let log: LogDirectory | null = null;
  let place = { phase: '', step: '' };
  const onLine = (line: ComponentLine) => {
    place = line;
    log?.write(line);
    run.onLine(line);
  };
  const onRefused = ({ host, port }: RefusedRequest) => {
    const target = port === null ? host : `${host}:${port}`;
    onLine({ ...place, at: now(), stream: 'info', text: `${target} may not be reached and was refused` });
  };
  const network =
    run.allowedHosts === null ? null : await openProxiedNetwork({ allowedHosts: run.allowedHosts, onRefused });
  const directory = await mkdtemp(join(tmpdir(), 'patchbay-component-'));
  const work = { workDirectory: join(directory, 'work'), clockDirectory: run.clockDirectory };
  try {
    const within = network === null ? {} : { network };
    const machine = await openMachine({ root, ...work, access: 'read-write', keepsTemporaryFiles: true, ...within });
    if (run.logDirectory !== null) log = openLogDirectory(run.logDirectory, { document, text, startedAt: now() });
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
        onLine,
        download: createDownloader({ environment: process.env, ...(network === null ? {} : { hosts: network.hosts }) }),
        updateOperatingSystem: createRootUpdater({ root, ...work, baselineFile: run.baselineFile, network, now }),
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
    network?.close();
    await rm(directory, { recursive: true, force: true });
  }
}
