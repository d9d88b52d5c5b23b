import { dirname } from 'node:path';

/** The clone that packages are built from. */
export const repository: string = dirname(dirname(dirname(dirname(import.meta.dirname))));
