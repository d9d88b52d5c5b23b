import { AppError } from '@patchbay/facts';

/** Why aws:downloadContent cannot have what its inputs name; the message becomes the step's error output. */
export class ContentError extends AppError<'CONTENT_UNREACHABLE' | 'CONTENT_INPUT' | 'CONTENT_CHECKSUM'> {}
