import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';
import { patchBaselineErrors } from '../patch-baselines/errors.ts';

export class PatchSnapshotError extends AppError<
  'SNAPSHOT_INSTANCE' | 'SNAPSHOT_OPERATING_SYSTEM' | 'SNAPSHOT_OVERRIDE'
> {}

export const patchSnapshotErrors: ErrorTable = {
  ...patchBaselineErrors,
  SNAPSHOT_INSTANCE: 'InvalidInstanceId',
  SNAPSHOT_OPERATING_SYSTEM: 'UnsupportedOperatingSystem',
  SNAPSHOT_OVERRIDE: 'ValidationException',
};
