export * from './archives.ts';
