import type { OperationContext } from '../../../operations/operation.ts';

/** What it takes to begin a build: a person's call has it, and so has the calendar. */
export type BuildContext = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now' | 'dependencies'>;
