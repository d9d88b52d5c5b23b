import type { PackageName } from '@patchbay/facts';
import { commandEnvironment, markAutomaticArgv, packageKey, parseExtendedStates } from '@patchbay/package-managers';
import type { Machine } from '../machine/index.ts';
import { type AptWorkspace, onWorkspace } from './apt-workspace.ts';

export async function readAutomaticMarks(machine: Machine): Promise<PackageName[]> {
  const bytes = await machine.readFile('/var/lib/apt/extended_states');
  return bytes === null ? [] : parseExtendedStates(Buffer.from(bytes).toString('utf8'));
}

/**
 * Gives back the marks that installing by name took away, so that what came as a dependency can still be removed with
 * what needed it. Returns what went wrong; null when all is as it was.
 */
export async function restoreAutomaticMarks(
  machine: Machine,
  workspace: AptWorkspace,
  wanted: readonly PackageName[],
  isInstalled: (name: PackageName) => boolean,
): Promise<string | null> {
  const marked = new Set((await readAutomaticMarks(machine)).map(packageKey));
  const lost = wanted.filter((name) => !marked.has(packageKey(name)) && isInstalled(name));
  if (lost.length === 0) return null;
  const output = await machine.run({
    argv: onWorkspace(markAutomaticArgv(lost), workspace),
    environment: commandEnvironment,
    timeoutSeconds: 120,
  });
  if (output.exitCode === 0) return null;
  return `The automatic marks of ${lost.map(({ name }) => name).join(', ')} could not be restored: ${output.stderr.trim()}`;
}
