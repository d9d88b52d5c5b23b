import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../operations/operation.ts';

/** Why a builder cannot go on with a build. */
export class ImageBuildError extends AppError<'NOT_A_BUILDER' | 'LEASE_LOST'> {}

export const imageBuildErrors: ErrorTable = {
  NOT_A_BUILDER: 'ValidationException',
  LEASE_LOST: 'InvalidResourceId',
};
