export * from './job.ts';
export * from './jobs-error.ts';
export * from './start-jobs.ts';
