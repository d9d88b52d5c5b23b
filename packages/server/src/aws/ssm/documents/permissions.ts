import { documentNameIn, runsPatcherOnly } from '@patchbay/patching';

/** Parameters that put something else in the place of the baseline. */
const overrides = ['BaselineOverride', 'InstallOverrideList'];

/** The permissions that sending a document takes besides that of sending: on the document, and on each of its nodes. */
export function permissionsToSend(
  nameOrArn: string,
  parameters: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  // What runs the patcher goes by the baselines, and does nothing else that its sender could choose.
  if (!runsPatcherOnly(documentNameIn(nameOrArn))) return ['patchbay:RunScripts'];
  const overridden = overrides.some((name) => (parameters[name] ?? []).some((value) => value !== ''));
  return overridden ? ['patchbay:OverrideBaselines'] : [];
}
