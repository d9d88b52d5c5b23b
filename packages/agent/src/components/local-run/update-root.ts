import { join } from 'node:path';
import { AppError } from '@patchbay/facts';
import { patchRoot } from '../../local-control-plane/index.ts';
import type { MachineNetwork } from '../../machine/index.ts';
import type { UpdateOperatingSystem } from '../run-component-phase.ts';

/**
 * UpdateOS without a server: what the baseline approves goes in, no more. Once the package manager has begun, it is let to
 * its end, also when the run is stopped.
 */
export function createRootUpdater(options: {
  readonly root: string;
  /** Of ours and private. */
  readonly workDirectory: string;
  /** A file as GetPatchBaseline prints it; null for the predefined one. */
  readonly baselineFile: string | null;
  /** Where it is kept when which version was first seen. */
  readonly clockDirectory: string;
  readonly network: MachineNetwork | null;
  readonly now: () => Date;
}): UpdateOperatingSystem {
  return async ({ include, exclude, signal, report }) => {
    try {
      const { changes, refused, complaints, unplannedChanges } = await patchRoot({
        root: options.root,
        workDirectory: join(options.workDirectory, 'patching'),
        baseline: options.baselineFile,
        mode: 'install',
        include,
        exclude,
        clockDirectory: options.clockDirectory,
        now: options.now,
        report,
        signal,
        ...(options.network === null ? {} : { network: options.network }),
      });
      for (const { name, fromVersion, toVersion } of changes) {
        report(`${name}: ${fromVersion ?? 'not installed'} -> ${toVersion ?? 'not installed'}`);
      }
      for (const { name, reason } of refused) report(`${name} cannot go in: ${reason}`);
      const failures = [
        ...complaints,
        ...(unplannedChanges.length === 0
          ? []
          : [`changed without a plan: ${unplannedChanges.map(({ name }) => name).join(', ')}`]),
      ];
      return failures.length === 0
        ? { kind: 'succeeded', outputs: [] }
        : { kind: 'failed', message: failures.join('; ') };
    } catch (error) {
      if (error instanceof AppError) return { kind: 'failed', message: error.message };
      throw error;
    }
  };
}
