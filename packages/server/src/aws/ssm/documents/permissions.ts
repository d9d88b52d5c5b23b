import { documentNameIn } from '@patchbay/patching';

/** What patches by the baselines and does nothing else that its sender could choose. */
const patchDocument = 'AWS-RunPatchBaseline';
/** Parameters that put something else in the place of the baseline. */
const overrides = ['BaselineOverride', 'InstallOverrideList'];

/** The permissions that sending a document takes besides that of sending: on the document, and on each of its nodes. */
export function permissionsToSend(
  nameOrArn: string,
  parameters: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  if (documentNameIn(nameOrArn) !== patchDocument) return ['patchbay:RunScripts'];
  const overridden = overrides.some((name) => (parameters[name] ?? []).some((value) => value !== ''));
  return overridden ? ['patchbay:OverrideBaselines'] : [];
}
