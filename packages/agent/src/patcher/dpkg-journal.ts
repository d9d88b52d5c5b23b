/** Where dpkg notes changes until the end of its run, when it writes them into its status file. */
export const dpkgJournalDirectory = '/var/lib/dpkg/updates';

/**
 * Whether dpkg's status file lacks something: dpkg is at work, or was cut off in it. apt then changes nothing before
 * `dpkg --configure -a` has run; as apt does, files named by digits alone are counted.
 */
export async function isDpkgCutOff(files: {
  listDirectory(path: string): string[] | null | Promise<string[] | null>;
}): Promise<boolean> {
  const names = (await files.listDirectory(dpkgJournalDirectory)) ?? [];
  return names.some((name) => /^\d+$/.test(name));
}
