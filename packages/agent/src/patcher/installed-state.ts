import type { PackageName, SimulatedChange } from '@patchbay/facts';
import { type DpkgStatus, packageKey, parseDpkgStatus } from '@patchbay/package-managers';
import type { Machine } from '../machine/index.ts';
import { readRequired } from './static-facts.ts';

/** @throws ParseError */
export async function readDpkgStatus(machine: Machine): Promise<DpkgStatus> {
  return parseDpkgStatus(await readRequired(machine, '/var/lib/dpkg/status'));
}

/** Why a change is not in effect; null when it is: the version is there and configured. */
export function findUndone(status: DpkgStatus, change: SimulatedChange): string | null {
  const { name, toVersion } = change;
  const present = status.installed.find(isSame(change));
  if (toVersion === null) return present === undefined ? null : `${name} is still installed`;
  if (present === undefined) return `${name} is not installed`;
  if (present.version !== toVersion) return `${name} is at ${present.version}, not at ${toVersion}`;
  const half = status.unconfigured.find(isSame(change));
  // Waiting triggers run with the next dpkg call and leave the package usable (dpkg(1), package states).
  return half === undefined || half.state.startsWith('triggers-') ? null : `dpkg left ${name} ${half.state}`;
}

/** Whether anything waits for `dpkg --configure -a`. */
export function hasHalfDone(status: DpkgStatus): boolean {
  return status.unconfigured.length > 0;
}

/** Whether it was lost while it was unpacked: it has to be installed again before apt does anything else. */
export function isHalfInstalled(status: DpkgStatus, name: PackageName): boolean {
  return status.unconfigured.some((half) => half.state === 'half-installed' && isSame(name)(half));
}

function isSame(wanted: PackageName): (name: PackageName) => boolean {
  const key = packageKey(wanted);
  return (name) => packageKey(name) === key;
}
