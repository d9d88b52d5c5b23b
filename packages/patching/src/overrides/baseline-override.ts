import type { OperatingSystem, PatchBaseline } from '@patchbay/facts';
import { BaselineFileError, parseBaselineFile } from '../baselines/baseline-file.ts';
import { checkBaseline } from '../baselines/check-baseline.ts';
import { OverrideError } from './override-error.ts';

/**
 * Reads AWS-RunPatchBaseline's BaselineOverride (SSM user guide): an array of baselines as GetPatchBaseline prints them.
 * @throws OverrideError
 */
export function parseBaselineOverride(content: unknown): PatchBaseline[] {
  if (!Array.isArray(content) || content.length === 0) {
    throw new OverrideError('OVERRIDE_CONTENT', 'A baseline override must be a JSON array with at least one baseline.');
  }
  return content.map((entry: unknown, index) => {
    const where = `Baseline ${index + 1} of the override`;
    try {
      const baseline = parseBaselineFile(entry);
      const [problem] = checkBaseline(baseline);
      if (problem) throw new OverrideError('OVERRIDE_CONTENT', `${where}: ${problem.message} at '${problem.path}'`);
      return baseline;
    } catch (error) {
      if (!(error instanceof BaselineFileError)) throw error;
      throw new OverrideError('OVERRIDE_CONTENT', `${where}: ${error.message}`, { cause: error });
    }
  });
}

/** The one baseline of an override for an operating system: none or several are an error. @throws OverrideError */
export function selectOverride(baselines: readonly PatchBaseline[], operatingSystem: OperatingSystem): PatchBaseline {
  const fitting = baselines.filter((baseline) => baseline.operatingSystem === operatingSystem);
  const [baseline] = fitting;
  if (baseline !== undefined && fitting.length === 1) return baseline;
  throw new OverrideError(
    'OVERRIDE_CONTENT',
    `The override must have exactly one baseline for ${operatingSystem}; it has ${fitting.length}.`,
  );
}
