import type { ImageBuildOutcome } from '@patchbay/contracts';
import { AppError } from '@patchbay/facts';

type Failure = Extract<ImageBuildOutcome, { kind: 'failed' }>['failure'];

/** Where in the recipe a build failed, beside the step of the build. */
export type FailurePlace = Pick<Failure, 'component' | 'phase' | 'componentStep' | 'output'>;

export const noPlace: FailurePlace = { component: '', phase: '', componentStep: '', output: '' };

/** A build that failed by what its recipe says: a component, an instruction, a test. */
export class BuildFailure extends AppError<'BUILD_FAILED'> {
  readonly place: FailurePlace;

  constructor(message: string, place: FailurePlace = noPlace) {
    super('BUILD_FAILED', message);
    this.place = place;
  }
}
