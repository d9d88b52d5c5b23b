import type { PatchBaseline, Verdict, VerdictItem } from '@patchbay/facts';
import { z } from 'zod';
import { compileWildcard, type TextMatcher } from '../wildcard/wildcard.ts';
import { OverrideError } from './override-error.ts';

const Text = z.string().trim().min(1).max(1024);

/** One entry: `id` is name.arch, `title` name.arch:version, in both each `*` stands for any text. */
const InstallListEntry = z.object({ id: Text, title: Text.optional() });

/** The list of AWS-RunPatchBaseline's InstallOverrideList (SSM user guide): what an Install brings in, and nothing else. */
export const InstallList = z.object({ patches: z.array(InstallListEntry).min(1).max(1000) });
export type InstallList = z.infer<typeof InstallList>;

/** Reads what stood in the YAML. Members that it does not know are passed over, as AWS does. @throws OverrideError */
export function parseInstallList(content: unknown): InstallList {
  const parsed = InstallList.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new OverrideError(
    'OVERRIDE_CONTENT',
    `The list must have the form "patches: [{id: name.arch, title: name.arch:version}]": ${issue?.message ?? ''} at '${issue?.path.join('.') ?? ''}'`,
  );
}

/** The baseline under which exactly the listed packages are approved, in every version: rules and rejections do not count. */
export function baselineOfInstallList(registered: PatchBaseline, list: InstallList): PatchBaseline {
  return {
    ...registered,
    globalFilters: { patchFilters: [] },
    approvalRules: { patchRules: [] },
    approvedPatches: [...new Set(list.patches.map((entry) => entry.id))],
    approvedPatchesEnableNonSecurity: true,
    rejectedPatches: [],
  };
}

interface CompiledEntry {
  readonly matchesId: (name: string, architecture: string) => boolean;
  readonly matchesTitle: TextMatcher;
}

function compileEntry({ id, title }: InstallList['patches'][number]): CompiledEntry {
  const matches = compileWildcard(id);
  return {
    matchesId: (name, architecture) => matches(`${name}.${architecture}`) || matches(name),
    matchesTitle: title === undefined ? () => true : compileWildcard(title),
  };
}

/**
 * Limits a verdict under `baselineOfInstallList` to the versions that the titles name: the newest of them that is
 * offered becomes the target. Without a title every version is meant.
 */
export function limitToInstallList<Limited extends Pick<Verdict, 'items'>>(
  verdict: Limited,
  list: InstallList,
): Limited {
  const entries = list.patches.map(compileEntry);
  return { ...verdict, items: verdict.items.map((item) => limitItem(item, entries)) };
}

function limitItem(item: VerdictItem, entries: readonly CompiledEntry[]): VerdictItem {
  const { name, architecture, targetVersion, evidence } = item;
  if (targetVersion === null) return item;
  const meant = entries.filter((entry) => entry.matchesId(name, architecture));
  const isListed = (version: string) => meant.some((entry) => entry.matchesTitle(`${name}.${architecture}:${version}`));
  if (isListed(targetVersion)) return item;
  const listed = evidence.offered.find(({ version }) => isListed(version));
  if (listed !== undefined) {
    return { ...item, targetVersion: listed.version, reason: `${listed.version} is the version on the override list.` };
  }
  return {
    ...item,
    state: 'excluded',
    targetVersion: null,
    reason: `No offered version of it is on the override list; ${targetVersion} is not.`,
  };
}
