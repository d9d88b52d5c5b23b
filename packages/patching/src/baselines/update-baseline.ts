import { PatchBaseline } from '@patchbay/facts';
import type { z } from 'zod';

/** What UpdatePatchBaseline may change: everything but the id and the operating system. */
export type BaselineChange = Partial<Omit<z.input<typeof PatchBaseline>, 'baselineId' | 'operatingSystem'>>;

/**
 * A baseline after UpdatePatchBaseline. Members that the change leaves out stay as they are; with `replace` they go back
 * to what CreatePatchBaseline gives when nobody sets them, and the name must be given. A list replaces the whole list.
 */
export function updateBaseline(current: PatchBaseline, change: BaselineChange, replace: boolean): PatchBaseline {
  const { baselineId, operatingSystem } = current;
  return PatchBaseline.parse({ ...(replace ? {} : current), ...change, baselineId, operatingSystem });
}
