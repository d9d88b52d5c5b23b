import { createHash } from 'node:crypto';
import type { Plan, SimulatedChange, Target } from '@patchbay/facts';
import { downloadArgv } from '@patchbay/package-managers';
import type { Machine } from '../machine/index.ts';
import { type AptWorkspace, archivesDirectory, networkEnvironment, withSettings } from './apt-workspace.ts';

type Group = Plan['groups'][number];

const downloadTimeoutSeconds = 3600;
/** apt takes dpkg's lock even to download; the directory is ours, and whoever holds the lock need not be waited for yet. */
const withoutLocks = 'Debug::NoLocking=true';

/** Everything that a group changes, named as targets: then the package manager has nothing left to choose. */
export function targetsOfChanges(changes: readonly SimulatedChange[]): Target[] {
  return changes.flatMap(({ name, architecture, toVersion }) =>
    toVersion === null ? [] : [{ name, architecture, version: toVersion }],
  );
}

/** Fetches the packages of all groups into our own directory; by group where that does not work for all together. */
export async function downloadPackages(
  machine: Machine,
  workspace: AptWorkspace,
  groups: readonly Group[],
): Promise<(string | null)[]> {
  const together = await download(
    machine,
    workspace,
    groups.flatMap(({ changes }) => targetsOfChanges(changes)),
  );
  const failures: (string | null)[] = [];
  for (const { changes } of groups) {
    const failure =
      together === null || groups.length === 1
        ? together
        : await download(machine, workspace, targetsOfChanges(changes));
    failures.push(failure ?? (await findWrongDownload(machine, changes)));
  }
  return failures;
}

async function download(machine: Machine, workspace: AptWorkspace, targets: readonly Target[]): Promise<string | null> {
  const output = await machine.run({
    argv: withSettings(downloadArgv(targets, workspace.options), [...workspace.settings, withoutLocks]),
    environment: networkEnvironment(),
    timeoutSeconds: downloadTimeoutSeconds,
  });
  if (output.exitCode === 0) return null;
  if (output.isTimedOut) return `its packages could not be fetched within ${downloadTimeoutSeconds} seconds`;
  const messages = output.stderr.split('\n').filter((line) => line.startsWith('E: '));
  return `its packages could not be fetched: ${messages.map((line) => line.slice(3)).join('; ') || 'no reason given'}`;
}

/** apt looks only at the size of what it finds in its cache, so the content is compared with the plan here. */
async function findWrongDownload(machine: Machine, changes: readonly SimulatedChange[]): Promise<string | null> {
  for (const change of changes) {
    if (change.toVersion === null) continue;
    const filename = `${change.name}_${change.toVersion.replaceAll(':', '%3a')}_${change.architecture}.deb`;
    const bytes = await machine.readFile(`${archivesDirectory(machine)}/${filename}`);
    if (bytes === null) return `${filename} was not fetched`;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (bytes.length !== change.sizeBytes || sha256 !== change.sha256) {
      return `${filename} is not the file of the plan (${bytes.length} bytes, sha256 ${sha256})`;
    }
  }
  return null;
}

/** Run inside, because the work directory is never changed through a path of the host. */
export async function removeDownloads(machine: Machine): Promise<void> {
  await machine.run({ argv: ['rm', '-rf', '--', archivesDirectory(machine)], timeoutSeconds: 60 });
}
