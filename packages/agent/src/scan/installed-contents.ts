import type { InstalledSet, OperatingSystemFacts } from '@patchbay/facts';
import { parseDpkgStatus, parseOsRelease } from '@patchbay/package-managers';
import { openFileTree } from '../machine/file-tree.ts';
import { isDpkgCutOff } from '../patcher/dpkg-journal.ts';
import { ScanError } from './scan-error.ts';

/** What a bill of materials lists. */
export interface InstalledContents {
  readonly operatingSystem: OperatingSystemFacts;
  readonly installed: InstalledSet;
}

/**
 * Reads what is installed below a root directory, of any system with dpkg, from files alone: nothing is run or written,
 * and any user who can read them may ask. A list that could lack something is refused, for it would claim that the rest is absent.
 * @throws ScanError CONTENTS_UNKNOWN; ParseError; MachineError ROOT_MISSING, UNREADABLE
 */
export async function readInstalledContents(root: string): Promise<InstalledContents> {
  const files = openFileTree(root);
  try {
    const release = (await files.readFile('/etc/os-release')) ?? (await files.readFile('/usr/lib/os-release'));
    if (release === null) throw unknown(`${root} is not a root file system: it has no /etc/os-release`);
    const status = await files.readFile('/var/lib/dpkg/status');
    if (status === null) throw unknown(`${root} has no /var/lib/dpkg/status, and only dpkg's packages can be listed`);
    if (await isDpkgCutOff(files)) {
      throw unknown(
        `dpkg is at work in ${root} or was cut off, so its status is not whole: wait, or run dpkg --configure -a`,
      );
    }
    return {
      operatingSystem: parseOsRelease(Buffer.from(release).toString('utf8')),
      installed: { packages: parseDpkgStatus(status).installed },
    };
  } finally {
    files.close();
  }
}

function unknown(message: string): ScanError {
  return new ScanError('CONTENTS_UNKNOWN', message);
}
