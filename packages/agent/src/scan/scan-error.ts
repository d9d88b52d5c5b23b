import { AppError } from '@patchbay/facts';

/** Why there is no scan, or no list of packages, at all, in words for whoever asked. What a scan finds out is never an error. */
export class ScanError extends AppError<
  'BASELINE_UNREADABLE' | 'CACHE_NOT_WRITABLE' | 'BASELINE_INVALID' | 'ALREADY_RUNNING' | 'CONTENTS_UNKNOWN'
> {}
