export {
  type ArchiveTarget,
  archiveTargets,
  type ConfiguredArchive,
  cleanUri,
  configuredArchives,
} from './archives.ts';
export { type GroupableChange, groupChanges, type RelatedPackage } from './change-groups.ts';
export { changelogMembers, downloadFileArgv, findChangelogDateLine } from './changelog.ts';
export type { RelationTexts } from './control-file.ts';
export { type DpkgStatus, type InstalledRelations, packageKey, parseDpkgStatus } from './dpkg-status.ts';
export { parseExtendedStates } from './extended-states.ts';
export {
  type ComputedOffers,
  computeOffers,
  explainUncomparable,
  type OfferedIndex,
  type OfferedStanza,
  type OfferRequest,
  type ReleaseTraits,
  type UncomparableVersion,
} from './offers.ts';
export { type AptOptions, aptArguments, commandEnvironment, hostOptions, privateConfig } from './options.ts';
export { cutPackagesIndex, everyName, type IndexStanza, readPackagesIndex } from './packages-index.ts';
export { parsePreferences } from './preferences.ts';
export { type ArchiveProblem, archiveStatus, type RefreshOutcome, refresh } from './refresh.ts';
export { type ClearSigned, parseRelease, type ReleaseFile, splitClearSigned } from './release.ts';
export {
  type AnnouncedChange,
  closure,
  formatTarget,
  refuseTargets,
  type SimulationFailure,
  type SimulationOutput,
  simulate,
} from './simulation.ts';
export {
  audit,
  catFileArgv,
  configurePendingArgv,
  type DownloadUri,
  downloadArgv,
  findLockHolder,
  installArgv,
  type LockHolder,
  markAutomaticArgv,
  type PlannedDownloads,
  printUris,
} from './transaction.ts';

/** What apt is and can; its commands and readers stand beside this. */
export const apt = {
  id: 'apt',
  displayName: 'APT (Debian, Ubuntu)',
  documentation: [
    'https://manpages.debian.org/bookworm/apt/apt-get.8.en.html',
    'https://manpages.debian.org/bookworm/apt/apt_preferences.5.en.html',
    'https://manpages.debian.org/bookworm/dpkg/dpkg.1.en.html',
  ],
  versionScheme: 'dpkg',
  supports: { hold: true, rollback: false, securityOnly: true },
} as const;
