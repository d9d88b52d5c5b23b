import type { ArchiveObservation } from '@patchbay/facts';
import { z } from 'zod';
import { compileWildcard } from '../wildcard/wildcard.ts';

/**
 * A pattern over what an archive says of itself in its verified Release file (`origin`, `label`, `codename`, `suite`)
 * and over its address (`addressSuite`, `addressUri`). All members that are given must match; each may hold `*`.
 */
export const ArchivePattern = z.object({
  origin: z.string().optional(),
  label: z.string().optional(),
  codename: z.string().optional(),
  suite: z.string().optional(),
  addressSuite: z.string().optional(),
  addressUri: z.string().optional(),
  /** For an archive without any verified Release file, where only the address is left to judge by. */
  onlyUnverified: z.boolean().optional(),
});
export type ArchivePattern = z.infer<typeof ArchivePattern>;

/** Which archives bring security updates, and which prolong a release past its end of support. */
export const ArchiveClassification = z.object({
  security: z.array(ArchivePattern),
  extendedSupport: z.array(ArchivePattern),
});
export type ArchiveClassification = z.infer<typeof ArchiveClassification>;

/**
 * How the distributions name their security archives. Debian: Release files of the security archive (label
 * Debian-Security; suites ending in -security since bullseye, in /updates before). Ubuntu: the `-security` pocket and Ubuntu Pro's ESM.
 */
export const defaultArchiveClassification: ArchiveClassification = {
  security: [
    { origin: 'Debian', label: 'Debian-Security' },
    { origin: 'Debian', codename: '*-security' },
    { origin: 'Debian', suite: '*-security' },
    { origin: 'Ubuntu', suite: '*-security' },
    { origin: 'UbuntuESM*' },
    { addressSuite: '*-security', onlyUnverified: true },
    { addressSuite: '*/updates', onlyUnverified: true },
    { addressUri: '*/debian-security', onlyUnverified: true },
  ],
  extendedSupport: [{ origin: 'UbuntuESM' }, { addressSuite: '*-infra-security', onlyUnverified: true }],
};

/** Says of an archive whether any of the patterns matches; made once per settings. */
export type ArchiveMatcher = (archive: Pick<ArchiveObservation, 'address' | 'release'>) => boolean;

/**
 * Compiles patterns. Without a Release file that ever verified, a pattern over Release fields cannot match: settings
 * that use those should say with `onlyUnverified` by which address the archive is known until then.
 */
export function compileArchivePatterns(patterns: readonly ArchivePattern[]): ArchiveMatcher {
  const matchers = patterns.map(compileArchivePattern);
  return (archive) => matchers.some((matches) => matches(archive));
}

function compileArchivePattern(pattern: ArchivePattern): ArchiveMatcher {
  const addressSuite = compileWildcard(pattern.addressSuite ?? '*');
  const addressUri = compileWildcard(pattern.addressUri ?? '*');
  const origin = compileWildcard(pattern.origin ?? '*');
  const label = compileWildcard(pattern.label ?? '*');
  const codename = compileWildcard(pattern.codename ?? '*');
  const suite = compileWildcard(pattern.suite ?? '*');
  const asksRelease = [pattern.origin, pattern.label, pattern.codename, pattern.suite].some(
    (member) => member !== undefined,
  );
  return ({ address, release }) => {
    if (!addressSuite(address.suite) || !addressUri(address.uri)) return false;
    if (release === null) return !asksRelease;
    if (pattern.onlyUnverified === true) return false;
    return origin(release.origin) && label(release.label) && codename(release.codename) && suite(release.suite);
  };
}

/** Whether an archive brings security updates under the settings. */
export function isSecurityArchive(
  archive: Pick<ArchiveObservation, 'address' | 'release'>,
  settings: ArchiveClassification,
): boolean {
  return compileArchivePatterns(settings.security)(archive);
}
