import { AppError } from '@patchbay/facts';

export class DemoError extends AppError<'NOT_ROOT' | 'BUILD_FAILED' | 'COMMAND_FAILED' | 'NO_NODE'> {}
