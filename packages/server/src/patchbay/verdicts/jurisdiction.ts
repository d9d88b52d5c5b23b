import type { OperatingSystem, PatchBaseline } from '@patchbay/facts';
import { type CompiledBaseline, compileBaseline, predefinedBaselineFor } from '@patchbay/patching';
import { getPatchBaseline } from '../../aws/ssm/patch-baselines/service.ts';
import { baselineIdFor } from '../../aws/ssm/patch-groups/service.ts';
import type { OperationContext } from '../../operations/operation.ts';

/** Which baseline judges a node, and the group that says so. */
export interface Jurisdiction {
  readonly patchGroup: string;
  readonly baseline: PatchBaseline;
  readonly revision: number;
}

/** Compiling costs little and is the same for every node under a baseline. */
const compiledBaselines = new Map<string, CompiledBaseline>();
const mostCompiled = 200;

/** A baseline of the installation's own: its revision names its content. */
export function compileKept(accountId: string, baseline: PatchBaseline, revision: number): CompiledBaseline {
  const key = `${accountId} ${baseline.baselineId} ${revision}`;
  const known = compiledBaselines.get(key);
  if (known) return known;
  if (compiledBaselines.size >= mostCompiled) compiledBaselines.clear();
  const compiled = compileBaseline(baseline, revision);
  compiledBaselines.set(key, compiled);
  return compiled;
}

/** The baseline of a patch group (null: of none) and operating system, or the one that is asked for. */
export async function jurisdictionOf(
  patchGroup: string | null,
  operatingSystem: OperatingSystem | null,
  baselineId: string | undefined,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<Jurisdiction> {
  const shownGroup = patchGroup ?? '';
  if (baselineId === undefined && operatingSystem === null) {
    // Nobody knows what the node is: any baseline will do, since the verdict is unknown under all of them.
    return { patchGroup: shownGroup, baseline: predefinedBaselineFor('DEBIAN'), revision: 1 };
  }
  const id = baselineId ?? (await baselineIdFor(patchGroup, operatingSystem ?? 'DEBIAN', context));
  const { baseline, revision } = await getPatchBaseline(id, context);
  return { patchGroup: shownGroup, baseline, revision };
}
