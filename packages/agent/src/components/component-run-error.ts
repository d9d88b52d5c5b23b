import { AppError } from '@patchbay/facts';

/** Why a run of a component has no result. What its steps do is never an error. */
export class ComponentRunError extends AppError<'STOPPED'> {}
