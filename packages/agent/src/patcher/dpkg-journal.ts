import type { Machine } from '../machine/index.ts';

/** Where dpkg notes changes until the end of its run, when it writes them into its status file. */
export const dpkgJournalDirectory = '/var/lib/dpkg/updates';

/**
 * Whether dpkg's status file lacks something: dpkg is at work, or was cut off in it. apt then changes nothing before
 * `dpkg --configure -a` has run; as apt does, files named by digits alone are counted.
 */
export async function isDpkgCutOff(machine: Machine): Promise<boolean> {
  const names = (await machine.listDirectory(dpkgJournalDirectory)) ?? [];
  return names.some((name) => /^\d+$/.test(name));
}
