export * from './archive-watches.ts';
export * from './authorization.ts';
export * from './contract.ts';
export * from './identity-operations.ts';
export * from './node-operations.ts';
export * from './patch-settings.ts';
export * from './person-operations.ts';
