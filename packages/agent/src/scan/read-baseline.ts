import { readFileSync } from 'node:fs';
import type { PatchBaseline } from '@patchbay/facts';
import {
  BaselineError,
  BaselineFileError,
  type CompiledBaseline,
  checkBaseline,
  compileBaseline,
  parseBaselineFile,
} from '@patchbay/patching';
import { describeError } from '../patcher/patcher-error.ts';
import { ScanError } from './scan-error.ts';

/** A baseline as GetPatchBaseline prints it. @throws ScanError BASELINE_UNREADABLE, BASELINE_INVALID */
export function readBaselineFile(path: string): PatchBaseline {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const problem = describeError(error);
    throw new ScanError('BASELINE_UNREADABLE', `The baseline file ${path} cannot be read as JSON: ${problem}`, {
      cause: error,
    });
  }
  try {
    const baseline = parseBaselineFile(json);
    const problems = checkBaseline(baseline).map((problem) => `${problem.path}: ${problem.message}`);
    if (problems.length === 0) return baseline;
    throw new ScanError('BASELINE_INVALID', `The baseline in ${path} is not valid: ${problems.join('; ')}`);
  } catch (error) {
    if (!(error instanceof BaselineFileError)) throw error;
    throw new ScanError('BASELINE_INVALID', `${path}: ${error.message}`, { cause: error });
  }
}

/** @throws ScanError BASELINE_INVALID */
export function compileCheckedBaseline(baseline: PatchBaseline): CompiledBaseline {
  try {
    return compileBaseline(baseline, 1);
  } catch (error) {
    if (!(error instanceof BaselineError)) throw error;
    throw new ScanError('BASELINE_INVALID', error.message, { cause: error });
  }
}
