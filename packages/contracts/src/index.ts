export * from './authorization.ts';
export * from './command-output.ts';
export * from './contract.ts';
export * from './managed-nodes.ts';
export * from './node-operations.ts';
export * from './person-operations.ts';
