import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { FailedPackage, PackageName } from '@patchbay/facts';
import { z } from 'zod';
import { readJsonFile, writeFileDurably } from '../state/index.ts';

/** What the patcher has to remember of earlier installs: it is part of the facts. */
export const PatcherState = z.object({
  failures: z.array(FailedPackage),
  /** The boot during which `pendingReboot` was installed: another one has settled it. */
  bootId: z.string(),
  pendingReboot: z.array(PackageName),
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

/** The state after an install: a package's newest result replaces its earlier ones. */
export function recordInstall(
  state: PatcherState,
  results: readonly InstallResult[],
  boot: { readonly bootId: string; readonly needsReboot: (name: string) => boolean },
): PatcherState {
  const key = (name: PackageName): string => `${name.name}.${name.architecture}`;
  const touched = new Set(results.map(key));
  const nameOf = ({ name, architecture }: PackageName): PackageName => ({ name, architecture });
  const installed = results.filter((result) => result.failure === null);
  const before = state.bootId === boot.bootId ? state.pendingReboot : [];
  const pending = [...before, ...installed.filter(({ name }) => boot.needsReboot(name)).map(nameOf)];
  return {
    failures: [
      ...state.failures.filter((failure) => !touched.has(key(failure))),
      ...results.flatMap((result) =>
        result.failure === null ? [] : [{ ...nameOf(result), version: result.version, reason: result.failure }],
      ),
    ],
    bootId: boot.bootId,
    // A root directory has no boot, so nothing in it ever waits for one.
    pendingReboot: boot.bootId === '' ? [] : [...new Map(pending.map((name) => [key(name), name])).values()],
  };
}
