import type { PackageName } from '@patchbay/facts';
import type { Argv } from '../query.ts';
import { type AptOptions, aptArguments } from './options.ts';
import { formatTarget } from './simulation.ts';

/**
 * Fetches the file of one version into the working directory, whether it could be installed or not (apt-get(8),
 * download); apt compares it with the sum in the signed index.
 */
export function downloadFileArgv(target: PackageName & { readonly version: string }, options: AptOptions): Argv {
  return ['apt-get', ...aptArguments(options), '-q', 'download', formatTarget(target)];
}

/** Where a package keeps the changelog of its source, the likeliest first (Debian policy 12.7). */
export function changelogMembers(packageName: string): string[] {
  return ['changelog.Debian.gz', 'changelog.gz', 'changelog.Debian', 'changelog'].map(
    (file) => `./usr/share/doc/${packageName}/${file}`,
  );
}

/**
 * The line that ends the entry of one source version (deb-changelog(5)); null when the changelog has no such entry: the
 * entry of a rebuild stands above that of its source, and an upstream changelog has entries of another form.
 */
export function findChangelogDateLine(text: string, source: string, sourceVersion: string): string | null {
  let isInEntry = false;
  for (const line of text.split('\n')) {
    const heading = /^(\S+) \(([^()\s]+)\)(?: |;|$)/.exec(line);
    if (heading !== null) isInEntry = heading[1] === source && heading[2] === sourceVersion;
    else if (isInEntry && line.startsWith(' -- ')) return line.trimEnd();
  }
  return null;
}
