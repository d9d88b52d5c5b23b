import { AppError } from '@patchbay/facts';

/** Why no package could be built. The message says what to do about it. */
export class PackageBuildError extends AppError<
  'MISSING_TOOL' | 'RUNTIME_MISSING' | 'RUNTIME_FOREIGN' | 'TOOL_FAILED'
> {}
