import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ArchiveObservation,
  type EndOfSupport,
  type NodeFacts,
  type PackageName,
  redactAll,
  type UnknownReason,
} from '@patchbay/facts';
import { closure, distroInfoFiles, parseDistroInfo } from '@patchbay/package-managers';
import type { Machine } from '../machine/index.ts';
import { readFailedUnits } from '../services/failed-units.ts';
import { findOtherPatchers } from '../services/other-patchers.ts';
import { findProcessUses, groupUses } from '../services/replaced-files.ts';
import { type AptWorkspace, ask, type ListsSource, prepareAptWorkspace, privateListsPath } from './apt-workspace.ts';
import { judgeArchive, readRefreshRecord, refreshArchives } from './archive-refresh.ts';
import { readBootFacts } from './boot-facts.ts';
import { explainReleaseDate } from './clock-words.ts';
import { fingerprintSources, readCached, writeCached } from './facts-cache.ts';
import { readImageOrigin } from './image-origin.ts';
import type { ListedArchive } from './package-lists.ts';
import { describeError } from './patcher-error.ts';
import { emptyPatcherState, findPendingReboot, type PatcherState, readPatcherState } from './patcher-state.ts';
import { readStaticFacts, StaticFacts } from './static-facts.ts';

/** Parts of the collection, for measurements: `lists` is all that is read of dpkg and apt. */
export type CollectPhase = 'refresh' | 'lists' | 'phasing' | 'system';

export interface CollectRequest {
  readonly machine: Machine;
  /** A private directory of ours that commands in the machine do not see. */
  readonly cacheDirectory: string;
  /** The file of PatcherState; null where nothing is ever installed. */
  readonly stateFile: string | null;
  /** Whether apt fetches its lists first, into a directory of ours. */
  readonly refresh: boolean;
  readonly now: Date;
  /** Compared with the control plane's clock; absent or null where it was not. */
  readonly clockAheadSeconds?: number | null;
  /** Whether facts kept from the last time may stand for unchanged files; true where absent. */
  readonly usesCache?: boolean;
  readonly onPhase?: (phase: CollectPhase, milliseconds: number) => void;
}

/** The package lists that the facts were read from. */
export interface UsedLists {
  readonly source: ListsSource;
  /** ISO 8601; null when that cannot be told. */
  readonly asOf: string | null;
  readonly archives: readonly ListedArchive[];
}

export interface CollectedFacts {
  readonly facts: NodeFacts;
  /** What keeps these facts from being judged, for `evaluate`'s `furtherDoubts`. */
  readonly doubts: UnknownReason[];
  readonly lists: UsedLists;
  readonly isFromCache: boolean;
}

const machineListsDirectory = '/var/lib/apt/lists';

/**
 * Collects all facts about a machine. What is unreadable or unreachable is part of the answer, never an exception.
 * @throws MachineError when the machine cannot be entered at all
 */
export async function collectFacts(request: CollectRequest): Promise<CollectedFacts> {
  const { machine, cacheDirectory, now } = request;
  const measure = async <Result>(phase: CollectPhase, work: () => Promise<Result>): Promise<Result> => {
    const start = performance.now();
    const result = await work();
    request.onPhase?.(phase, performance.now() - start);
    return result;
  };
  mkdirSync(cacheDirectory, { recursive: true, mode: 0o700 });
  let record = readRefreshRecord(cacheDirectory);
  if (request.refresh) {
    record = await measure('refresh', async () =>
      refreshArchives(machine, await prepareAptWorkspace(machine, 'private'), cacheDirectory, now),
    );
  }
  const source: ListsSource = record === null ? 'machine' : 'private';
  const { known, isFromCache } = await measure('lists', () => readKnown(request, source));
  const archives = known.archives.map((archive) => ({
    ...archive,
    observation: explainDates(
      judgeArchive(archive.observation, record, { now, checksValidUntil: known.checksValidUntil }),
      request.clockAheadSeconds ?? null,
    ),
  }));
  const doubts = [...known.doubts];
  const phased = await measure('phasing', () => findPhased(machine, known, source, doubts));
  const overlay = await measure('system', () => readOverlay(request, known, phased, doubts));
  const facts: NodeFacts = {
    operatingSystem: known.operatingSystem,
    installed: known.installed,
    // Reasons are the package manager's own words, and these repeat addresses.
    offers: { archives: redactAll(archives.map(({ observation }) => observation)), offers: known.offers },
    policy: redactAll(known.policy),
    overlay: redactAll(overlay),
  };
  const asOf = record?.refreshedAt ?? (await findListsAge(machine));
  return { facts, doubts: redactAll(doubts), lists: { source, asOf, archives }, isFromCache };
}

function explainDates(observation: ArchiveObservation, aheadSeconds: number | null): ArchiveObservation {
  const { status, reason } = observation;
  if (status !== 'expired' || reason === null) return observation;
  return { ...observation, reason: explainReleaseDate(reason, aheadSeconds) };
}

async function readKnown(
  { machine, cacheDirectory, usesCache = true }: CollectRequest,
  source: ListsSource,
): Promise<{ known: StaticFacts; isFromCache: boolean }> {
  const listsDirectory =
    source === 'private' ? join(machine.workDirectory.inside, privateListsPath) : machineListsDirectory;
  const fingerprint = await fingerprintSources(machine, listsDirectory);
  const cached = usesCache ? StaticFacts.safeParse(readCached(cacheDirectory, fingerprint)) : null;
  if (cached?.success === true) return { known: cached.data, isFromCache: true };
  const workspace: AptWorkspace = await prepareAptWorkspace(machine, source);
  const known = await readStaticFacts(machine, workspace);
  // What could not be read may be readable a moment later without any of the files having changed.
  if (usesCache && known.doubts.length === 0) writeCached(cacheDirectory, fingerprint, known);
  return { known, isFromCache: false };
}

/** apt draws by machine-id and version whose turn it is, so it is asked; only where something is being phased at all. */
async function findPhased(
  machine: Machine,
  known: StaticFacts,
  source: ListsSource,
  doubts: UnknownReason[],
): Promise<PackageName[]> {
  const isPhasing = known.offers.some(({ versions }) =>
    versions.some(({ phasedUpdatePercentage }) => phasedUpdatePercentage !== null && phasedUpdatePercentage < 100),
  );
  if (!isPhasing) return [];
  try {
    const workspace = await prepareAptWorkspace(machine, source);
    const byTurn = await ask(machine, closure(workspace.options));
    const native = known.policy.architecture;
    const named = (names: readonly string[]) => {
      const set = new Set(names);
      return known.installed.packages.filter(({ name, architecture }) => {
        const isNative = architecture === native || architecture === 'all';
        return set.has(`${name}:${architecture}`) || (isNative && set.has(name));
      });
    };
    const told = named(byTurn.phased);
    // apt before 2.9 only says that it keeps them back, as it does for other reasons: what it takes once phasing is
    // out of the question was kept back for that.
    const isPhasedCandidate = new Set(
      known.offers.flatMap((offer) => {
        const candidate = offer.versions.find(({ version }) => version === offer.candidate);
        return (candidate?.phasedUpdatePercentage ?? 100) < 100 ? [`${offer.name}.${offer.architecture}`] : [];
      }),
    );
    const suspected = named(byTurn.keptBack).filter((each) =>
      isPhasedCandidate.has(`${each.name}.${each.architecture}`),
    );
    if (suspected.length === 0) return told.map(onlyName);
    const all = await ask(machine, closure(workspace.options, 'all'));
    const keptAnyway = new Set(named(all.keptBack));
    return [...told, ...suspected.filter((each) => !keptAnyway.has(each))].map(onlyName);
  } catch (error) {
    const message = `apt cannot be asked whose turn phased updates are: ${describeError(error)}`;
    doubts.push({ code: 'package-status', message, archive: null });
    return [];
  }
}

function onlyName({ name, architecture }: PackageName): PackageName {
  return { name, architecture };
}

async function readOverlay(
  { machine, stateFile, now, clockAheadSeconds }: CollectRequest,
  known: StaticFacts,
  phased: PackageName[],
  doubts: UnknownReason[],
): Promise<NodeFacts['overlay']> {
  const uses = await findProcessUses(machine);
  const otherPatchers = await findOtherPatchers(machine, known);
  const endOfSupport = await readEndOfSupport(machine, known.operatingSystem);
  const failedUnits = await readFailedUnits(machine);
  const image = await readImageOrigin(machine);
  const { awaitingBoot, ...boot } = await readBootFacts(machine, known.installed.packages, uses);
  let state: PatcherState = emptyPatcherState;
  try {
    if (stateFile !== null) state = readPatcherState(stateFile);
  } catch (error) {
    const message = `What earlier installs left behind cannot be read: ${describeError(error)}`;
    doubts.push({ code: 'package-status', message, archive: null });
  }
  const own = findPendingReboot(state, boot.bootId, known.installed.packages);
  const pending = new Map([...own, ...awaitingBoot].map((one) => [`${one.name}.${one.architecture}`, one]));
  return {
    agentClock: now.toISOString(),
    ...boot,
    pendingReboot: [...pending.values()],
    failures: state.failures,
    unconfigured: known.unconfigured,
    phased,
    otherPatchers,
    ...(clockAheadSeconds == null ? {} : { clockAheadSeconds }),
    ...(known.defaultRelease === null ? {} : { defaultRelease: known.defaultRelease }),
    ...(endOfSupport === null ? {} : { endOfSupport }),
    ...(failedUnits === null ? {} : { failedUnits }),
    ...(image === null ? {} : { image }),
    ...(uses === null ? {} : { replacedFileUses: groupUses(uses) }),
  };
}

/** From the machine's distro-info-data; null where it has none, or no date for its release. */
async function readEndOfSupport(
  machine: Machine,
  { id, codename }: NodeFacts['operatingSystem'],
): Promise<EndOfSupport | null> {
  const path = distroInfoFiles.get(id);
  const bytes = path === undefined ? null : await machine.readFile(path).catch(() => null);
  if (path === undefined || bytes === null) return null;
  return parseDistroInfo(Buffer.from(bytes).toString('utf8'), codename, path);
}

/** The machine's own lists are as old as the last time that anything changed among them. */
async function findListsAge(machine: Machine): Promise<string | null> {
  const places = [
    machineListsDirectory,
    `${machineListsDirectory}/partial`,
    '/var/lib/apt/periodic/update-success-stamp',
  ];
  const found = await Promise.all(places.map((path) => machine.stat(path)));
  const newest = Math.max(...found.map((status) => status?.modifiedAtMs ?? Number.NEGATIVE_INFINITY));
  return Number.isFinite(newest) ? new Date(newest).toISOString() : null;
}
