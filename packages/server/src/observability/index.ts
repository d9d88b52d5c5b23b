export * from './logger.ts';
export * from './metrics.ts';
export * from './readiness.ts';
export * from './routes.ts';
