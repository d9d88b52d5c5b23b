import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { FailedPackage, type InstalledPackage, PackageName } from '@patchbay/facts';
import { z } from 'zod';
import { readJsonFile, writeFileDurably } from '../state/index.ts';

/** What the patcher has to remember of earlier installs: it is part of the facts. */
export const PatcherState = z.object({
  failures: z.array(FailedPackage),
  /** The boot during which `pendingReboot` was installed: another one has settled it. */
  bootId: z.string(),
  /**
   * Versions that take effect with the next boot, noted before they are installed: a version counts once it is what is
   * installed. Notes of older agents name none and count as they are.
   */
  pendingReboot: z.array(PackageName.extend({ version: z.string().optional() })),
});
export type PatcherState = z.infer<typeof PatcherState>;

export const emptyPatcherState: PatcherState = { failures: [], bootId: '', pendingReboot: [] };

/** @throws AgentError STATE_DAMAGED */
export function readPatcherState(path: string): PatcherState {
  return readJsonFile(path, PatcherState) ?? emptyPatcherState;
}

export function writePatcherState(path: string, state: PatcherState): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileDurably(path, `${JSON.stringify(state, null, 2)}\n`);
}

/** One package that an install brought in, or failed to. */
export interface InstallResult extends PackageName {
  readonly version: string;
  /** Null where it is installed. */
  readonly failure: string | null;
}

/** The state with versions that are about to be installed and wait for a boot from then on. A root directory has no boot. */
export function notePendingReboot(
  state: PatcherState,
  versions: readonly (PackageName & { readonly version: string })[],
  bootId: string,
): PatcherState {
  if (bootId === '') return { ...state, bootId, pendingReboot: [] };
  const before = state.bootId === bootId ? state.pendingReboot : [];
  const key = (one: PatcherState['pendingReboot'][number]): string =>
    `${one.name}.${one.architecture} ${one.version ?? ''}`;
  const notes = [...before, ...versions.map(({ name, architecture, version }) => ({ name, architecture, version }))];
  return { ...state, bootId, pendingReboot: [...new Map(notes.map((one) => [key(one), one])).values()] };
}

/** What of the notes is true: installed in this very version, and not booted since. */
export function findPendingReboot(
  state: PatcherState,
  bootId: string,
  installed: readonly Pick<InstalledPackage, 'name' | 'architecture' | 'version'>[],
): PackageName[] {
  if (bootId === '' || state.bootId !== bootId) return [];
  const notes = new Map<string, Set<string | undefined>>();
  for (const { name, architecture, version } of state.pendingReboot) {
    const key = `${name}.${architecture}`;
    notes.set(key, (notes.get(key) ?? new Set()).add(version));
  }
  return installed.flatMap(({ name, architecture, version }) => {
    const noted = notes.get(`${name}.${architecture}`);
    return noted?.has(version) === true || noted?.has(undefined) === true ? [{ name, architecture }] : [];
  });
}

/** The state after an install: a package's newest result replaces its earlier ones. */
export function recordInstall(state: PatcherState, results: readonly InstallResult[]): PatcherState {
  const key = (name: PackageName): string => `${name.name}.${name.architecture}`;
  const touched = new Set(results.map(key));
  return {
    ...state,
    failures: [
      ...state.failures.filter((failure) => !touched.has(key(failure))),
      ...results.flatMap(({ name, architecture, version, failure }) =>
        failure === null ? [] : [{ name, architecture, version, reason: failure }],
      ),
    ],
  };
}
