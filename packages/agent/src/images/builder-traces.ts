import { compileWildcards } from '@patchbay/patching';

/**
 * What a run of apt and dpkg, and our own way into a root, leave behind that belongs to the machine that did the work and
 * not to the image: no layer holds it, so an image keeps what it had there.
 */
const ofBuilder = compileWildcards([
  // Lent by the Machine while a command runs.
  'etc/resolv.conf',
  'etc/resolv.conf.patchbay',
  'usr/sbin/policy-rc.d',
  'usr/sbin/policy-rc.d.patchbay',
  // Lists, downloads and what apt computes from them.
  'var/lib/apt/lists/*',
  'var/lib/apt/periodic/*',
  'var/cache/apt/*',
  // Copies of what was before, locks, and a cache of times and inodes.
  'var/lib/dpkg/*-old',
  'var/lib/dpkg/lock*',
  'var/lib/dpkg/triggers/Lock',
  'var/cache/debconf/*-old',
  'var/cache/ldconfig/aux-cache',
  // Logs of the work: what was done and when is in the image's own record.
  'var/log/apt/*',
  'var/log/dpkg.log*',
  'var/log/alternatives.log*',
  'var/log/bootstrap.log',
  'var/log/fontconfig.log',
]);

/** What no package may bring either: it is a container engine's, or of one running machine. */
const ofMachine = compileWildcards([
  'etc/hosts',
  'etc/hostname',
  'etc/mtab',
  'etc/machine-id',
  'dev/*',
  'proc/*',
  'run/*',
  'sys/*',
  'tmp/*',
  'var/tmp/*',
]);

/** Whether a path (without a slash in front) is left out of every layer. */
export function isTraceOfBuilder(path: string): boolean {
  return ofBuilder(path);
}

/** The same for a layer that holds patches and nothing else. */
export function isNoPatch(path: string): boolean {
  return ofBuilder(path) || ofMachine(path);
}
