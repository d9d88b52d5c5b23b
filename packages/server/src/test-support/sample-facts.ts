import type {
  ArchiveObservation,
  InstalledPackage,
  NodeFacts,
  Offer,
  OfferedVersion,
  SimulatedChange,
} from '@patchbay/facts';

export const mainArchive = archive('http://archive.test/debian', 'bookworm', 'Debian', 'bookworm');
export const securityArchive = archive(
  'http://archive.test/debian-security',
  'bookworm-security',
  'Debian-Security',
  'bookworm-security',
);
export const securityKey = 'http://archive.test/debian-security bookworm-security main amd64';

function archive(uri: string, suite: string, label: string, codename: string): ArchiveObservation {
  return {
    address: { uri, suite, component: 'main', architecture: 'amd64' },
    status: 'current',
    reason: null,
    release: { origin: 'Debian', label, suite: codename, codename, date: null, validUntil: null },
    indexDigest: `sha256:${label}`,
  };
}

export function installedPackage(name: string, version: string): InstalledPackage {
  return {
    name,
    architecture: 'amd64',
    version,
    source: name,
    sourceVersion: version,
    section: 'libs',
    priority: 'optional',
  };
}

/** Versions of one package in the security archive, newest first; the first is the candidate. */
export function securityOffer(name: string, ...versions: string[]): Offer {
  const offered = versions.map(
    (version): OfferedVersion => ({
      version,
      source: name,
      sourceVersion: version,
      section: 'libs',
      priority: 'optional',
      archives: [1],
      pinPriority: 500,
      phasedUpdatePercentage: null,
      filename: `pool/${name}_${version}.deb`,
      sizeBytes: 1000,
      sha256: 'a'.repeat(64),
    }),
  );
  return { name, architecture: 'amd64', candidate: versions[0] ?? null, versions: offered };
}

export interface SampleFacts {
  readonly installed?: readonly InstalledPackage[];
  readonly offers?: readonly Offer[];
  readonly archives?: readonly ArchiveObservation[];
  readonly operatingSystem?: Partial<NodeFacts['operatingSystem']>;
}

/** The facts of a small bookworm machine. */
export function sampleFacts(sample: SampleFacts = {}): NodeFacts {
  const installed = sample.installed ?? [installedPackage('openssl', '3.0.1')];
  return {
    operatingSystem: {
      id: 'debian',
      versionId: '12',
      codename: 'bookworm',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
      operatingSystem: 'DEBIAN',
      product: 'Debian12',
      ...sample.operatingSystem,
    },
    installed: { packages: [...installed] },
    offers: {
      archives: [...(sample.archives ?? [mainArchive, securityArchive])],
      offers: completeOffers(installed, sample.offers ?? []),
    },
    policy: { architecture: 'amd64', foreignArchitectures: [], holds: [], pins: [], automatic: [] },
    overlay: {
      agentClock: '2026-11-20T00:00:00.000Z',
      bootId: '',
      machineIdHash: '',
      runningKernel: '',
      rebootReasons: [],
      pendingReboot: [],
      failures: [],
      unconfigured: [],
      phased: [],
    },
  };
}

/** What a package manager announces when it would take one package from the security archive. */
export function upgradeOf(name: string, fromVersion: string, toVersion: string): SimulatedChange {
  return {
    name,
    architecture: 'amd64',
    action: 'upgrade',
    fromVersion,
    toVersion,
    origins: 'Debian-Security:12/bookworm-security',
    filename: `pool/${name}_${toVersion}.deb`,
    sizeBytes: 1000,
    sha256: 'a'.repeat(64),
    archive: securityKey,
    indexDigest: 'sha256:Debian-Security',
  };
}

/** As nodes report it: nothing offered is an offer, too. */
function completeOffers(installed: readonly InstalledPackage[], offers: readonly Offer[]): Offer[] {
  const known = new Set(offers.map(({ name, architecture }) => `${name}.${architecture}`));
  const rest = installed.filter(({ name, architecture }) => !known.has(`${name}.${architecture}`));
  return [...offers, ...rest.map(({ name, architecture }) => ({ name, architecture, candidate: null, versions: [] }))];
}
