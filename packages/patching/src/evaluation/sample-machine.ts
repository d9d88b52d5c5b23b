import type {
  ArchiveObservation,
  InstalledPackage,
  NodeFacts,
  NodeOverlay,
  NodePolicy,
  Offer,
  OfferedVersion,
  PatchBaseline,
  PatchRule,
  Verdict,
  VerdictItem,
} from '@patchbay/facts';
import type { ReleaseRecord } from '../approval-clock/release-date.ts';
import { predefinedBaselineFor } from '../baselines/predefined-baselines.ts';
import { compileBaseline } from './compile-baseline.ts';
import { type EvaluationInput, evaluate } from './evaluate.ts';
import { defaultEvaluationSettings } from './evaluation-settings.ts';
import type { ReleaseHistory } from './release-timeline.ts';

/** Test support: a small bookworm machine, of which each test changes what it is about. */
export const MAIN = 0;
export const SECURITY = 1;
export const VENDOR = 2;

export const mainKey = 'http://archive.test/debian bookworm main amd64';
export const securityKey = 'http://archive.test/debian-security bookworm-security main amd64';
export const vendorKey = 'http://vendor.test/apt stable main amd64';

export function archive(position: number, status: ArchiveObservation['status'] = 'current'): ArchiveObservation {
  const names = [
    { uri: 'http://archive.test/debian', suite: 'bookworm', origin: 'Debian', label: 'Debian', codename: 'bookworm' },
    {
      uri: 'http://archive.test/debian-security',
      suite: 'bookworm-security',
      origin: 'Debian',
      label: 'Debian-Security',
      codename: 'bookworm-security',
    },
    { uri: 'http://vendor.test/apt', suite: 'stable', origin: 'Vendor', label: 'Vendor', codename: 'stable' },
  ];
  const { uri, suite, origin, label, codename } = names[position] ?? {
    uri: `http://other.test/${position}`,
    suite: 'stable',
    origin: 'Other',
    label: 'Other',
    codename: 'stable',
  };
  return {
    address: { uri, suite, component: 'main', architecture: 'amd64' },
    status,
    reason: status === 'current' ? null : 'connection refused',
    release: { origin, label, suite: codename, codename, date: null, validUntil: null },
    indexDigest: `sha256:${position}`,
  };
}

export function installedPackage(
  name: string,
  version: string,
  extra: Partial<InstalledPackage> = {},
): InstalledPackage {
  return {
    name,
    architecture: 'amd64',
    version,
    source: name,
    sourceVersion: version,
    section: 'libs',
    priority: 'optional',
    ...extra,
  };
}

export function offeredVersion(
  name: string,
  version: string,
  archives: number[],
  extra: Partial<OfferedVersion> = {},
): OfferedVersion {
  return {
    version,
    source: name,
    sourceVersion: version,
    section: 'libs',
    priority: 'optional',
    archives,
    pinPriority: 500,
    phasedUpdatePercentage: null,
    filename: `pool/${name}_${version}.deb`,
    sizeBytes: 1000,
    sha256: 'a'.repeat(64),
    ...extra,
  };
}

/** The candidate is the newest version unless it is given. */
export function offer(name: string, versions: OfferedVersion[], candidate?: string | null): Offer {
  return { name, architecture: 'amd64', candidate: candidate ?? versions[0]?.version ?? null, versions };
}

export interface SampleMachine {
  readonly installed: readonly InstalledPackage[];
  readonly offers?: readonly Offer[];
  readonly archives?: readonly ArchiveObservation[];
  readonly overlay?: Partial<NodeOverlay>;
  readonly policy?: Partial<NodePolicy>;
  readonly operatingSystem?: Partial<NodeFacts['operatingSystem']>;
}

export function machineFacts(sample: SampleMachine): NodeFacts {
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
    installed: { packages: [...sample.installed] },
    offers: {
      archives: [...(sample.archives ?? [archive(MAIN), archive(SECURITY), archive(VENDOR)])],
      offers: completeOffers(sample.installed, sample.offers ?? []),
    },
    policy: { architecture: 'amd64', foreignArchitectures: [], holds: [], pins: [], automatic: [], ...sample.policy },
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
      ...sample.overlay,
    },
  };
}

export function rule(extra: Partial<PatchRule> = {}): PatchRule {
  return {
    patchFilterGroup: { patchFilters: [] },
    complianceLevel: 'UNSPECIFIED',
    ...(extra.approveUntilDate === undefined ? { approveAfterDays: 0 } : {}),
    enableNonSecurity: false,
    ...extra,
  };
}

export function debianBaseline(extra: Partial<PatchBaseline> = {}): PatchBaseline {
  return { ...predefinedBaselineFor('DEBIAN'), ...extra };
}

export function rulesBaseline(...patchRules: PatchRule[]): PatchBaseline {
  return debianBaseline({ approvalRules: { patchRules } });
}

/** A version first seen in the security archive, unless another is named. */
export function seen(
  source: string,
  sourceVersion: string,
  firstSeenAt: string,
  extra: Partial<ReleaseRecord> = {},
): ReleaseRecord {
  return { archiveKey: securityKey, source, sourceVersion, rung: 'first-seen', firstSeenAt, ...extra };
}

export function historyOf(records: readonly ReleaseRecord[]): ReleaseHistory {
  const groups = Map.groupBy(records, (record) => `${record.archiveKey}\n${record.source}`);
  return (archiveKey, source) => groups.get(`${archiveKey}\n${source}`) ?? [];
}

export const NOW = new Date('2026-11-20T12:00:00.000Z');

export interface SampleEvaluation extends SampleMachine {
  readonly baseline?: PatchBaseline;
  readonly history?: readonly ReleaseRecord[];
  readonly with?: Partial<EvaluationInput>;
}

export function evaluationInput(sample: SampleEvaluation): EvaluationInput {
  return {
    facts: machineFacts(sample),
    factsReceivedAt: new Date('2026-11-20T11:00:00.000Z'),
    baseline: compileBaseline(sample.baseline ?? debianBaseline(), 1),
    history: historyOf(sample.history ?? []),
    simulation: null,
    now: NOW,
    settings: defaultEvaluationSettings,
    ...sample.with,
  };
}

export function evaluateSample(sample: SampleEvaluation): Verdict {
  return evaluate(evaluationInput(sample));
}

/** The row of one package; throws when there is none. */
export function itemNamed(verdict: Verdict, name: string): VerdictItem {
  const item = verdict.items.find((candidate) => candidate.name === name);
  if (item === undefined) throw new RangeError(`The verdict has no row for ${name}`);
  return item;
}

/** As nodes report it: nothing offered is an offer, too. */
function completeOffers(installed: readonly InstalledPackage[], offers: readonly Offer[]): Offer[] {
  const known = new Set(offers.map(({ name, architecture }) => `${name}.${architecture}`));
  const rest = installed.filter(({ name, architecture }) => !known.has(`${name}.${architecture}`));
  return [...offers, ...rest.map(({ name, architecture }) => ({ name, architecture, candidate: null, versions: [] }))];
}
