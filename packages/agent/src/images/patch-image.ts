import { join } from 'node:path';
import type { NodeFacts, PatchBaseline, Verdict } from '@patchbay/facts';
import { selectTargets } from '@patchbay/patching';
import { agentVersion } from '../agent-version.ts';
import { type PatchRootResult, patchRoot } from '../local-control-plane/index.ts';
import type { MachineNetwork } from '../machine/index.ts';
import { isNoPatch } from './builder-traces.ts';
import type { ImageContainer } from './image-container.ts';
import { ImageError } from './image-error.ts';
import type { ImagePlatform } from './image-manifest.ts';
import { type ImageNetworkOptions, withImageNetwork } from './image-network.ts';
import { findImagePlaces, type ImagePlaces } from './image-places.ts';
import { formatReference, type RegistryReference } from './image-reference.ts';
import type { ImageSource } from './image-source.ts';
import type { ImageStore } from './image-store.ts';
import { requireWorkableRoot } from './inspect-root.ts';
import { type ImageScanReport, scanContainer } from './scan-image.ts';
import type { StoredImage } from './store-parts.ts';

export interface ImagePatchRequest extends ImageNetworkOptions {
  readonly store: ImageStore;
  /** A reference, an archive or a layout, as people write it. */
  readonly source: string;
  readonly platform?: ImagePlatform;
  /** A file as GetPatchBaseline prints it; null for the predefined baseline of the operating system. */
  readonly baselineFile: string | null;
  /** Where the patched image goes; null: only the plan is wanted, and nothing is changed. */
  readonly push: RegistryReference | null;
  readonly cacheDirectory: string;
  readonly now: () => Date;
  readonly signal?: AbortSignal;
}

export interface ImagePatchReport {
  /**
   * `planned`: what would be done. `patched`: one layer more. `unchanged`: nothing approved was missing, the image was
   * passed on as it is. `refused`: it would not hold what is approved, or nobody can tell; nothing was pushed.
   */
  readonly outcome: 'planned' | 'patched' | 'unchanged' | 'refused';
  /** 0 where the image that results has everything that is approved, 1 where it has not, 2 where nobody can tell. */
  readonly exitStatus: 0 | 1 | 2;
  /** Why it was refused. */
  readonly problems: readonly string[];
  readonly baseline: PatchBaseline;
  readonly base: ImageIdentity;
  /** Null where none was made or passed on. */
  readonly result: (ImageIdentity & { readonly addedBytes: number }) | null;
  readonly plan: PatchRootResult['plan'];
  readonly changes: PatchRootResult['changes'];
  readonly refused: PatchRootResult['refused'];
  readonly verdictBefore: Verdict;
  /** Of the image that results, by a new scan of it; of a plan: with what the package manager says. */
  readonly verdictAfter: Verdict;
}

export interface ImageIdentity {
  readonly name: string;
  readonly digest: string;
}

const exitStatuses = { compliant: 0, 'non-compliant': 1, unknown: 2 } as const;

/**
 * Gives an image exactly its approved patches, as one layer on top of the layers that it has, or says what they are.
 * Whatever is refused is refused before anything was pushed.
 * @throws ImageError, ScanError, NetworkError, MachineError, PatcherError, LocalControlPlaneError
 */
export async function patchImage(request: ImagePatchRequest): Promise<ImagePatchReport> {
  const { store, report } = request;
  for (const line of await store.removeLeftovers()) report(line);
  const source = await store.readSource(request.source);
  if (source.kind === 'root-directory') {
    throw new ImageError(
      'NOT_AN_IMAGE',
      `${source.directory} is a directory and no image: there is nothing to add a layer to.`,
    );
  }
  return await withImageNetwork(request, (network) => patchFrom(source, request, network));
}

async function patchFrom(
  source: ImageSource,
  request: ImagePatchRequest,
  network: MachineNetwork,
): Promise<ImagePatchReport> {
  const { store } = request;
  const image = await store.pull(source, request.platform);
  const container = await store.createContainer(image);
  try {
    await requireWorkableRoot(container.rootDirectory, image.config, image.name ?? image.digest);
    const places = await findImagePlaces(request.cacheDirectory, image, container.rootDirectory);
    const patched = await patchContainer(request, container, places, network);
    const base = { name: image.name ?? image.digest, digest: image.digest };
    const { plan, changes, refused, baseline, verdictBefore } = patched;
    const common = { baseline, base, plan, changes, refused, verdictBefore };
    const { push } = request;
    const refuse = (problems: readonly string[], verdictAfter: Verdict): ImagePatchReport => ({
      outcome: 'refused',
      exitStatus: verdictAfter.status === 'unknown' ? 2 : 1,
      problems,
      result: null,
      verdictAfter,
      ...common,
    });
    if (push === null) {
      const { verdictAfter } = patched;
      const exitStatus = exitStatuses[verdictAfter.status];
      return { outcome: 'planned', exitStatus, problems: [], result: null, verdictAfter, ...common };
    }
    const problems = findProblems(patched);
    if (problems.length > 0) return refuse(problems, patched.verdictAfter);
    const made = changes.length === 0 ? image : await commit(container, image, source, patched.factsAfter);
    const verdictAfter = made === image ? patched.verdictAfter : (await prove(request, made, places, network)).verdict;
    const shortfall = findShortfall(verdictAfter);
    if (shortfall.length > 0) return refuse(shortfall, verdictAfter);
    await store.push(made, push);
    const addedBytes = made === image ? 0 : (made.manifest.layers.at(-1)?.size ?? 0);
    return {
      outcome: made === image ? 'unchanged' : 'patched',
      exitStatus: exitStatuses[verdictAfter.status],
      problems: [],
      result: { name: formatReference(push), digest: made.digest, addedBytes },
      verdictAfter,
      ...common,
    };
  } finally {
    await container.remove();
  }
}

async function patchContainer(
  request: ImagePatchRequest,
  { rootDirectory }: ImageContainer,
  places: ImagePlaces,
  network: MachineNetwork,
): Promise<PatchRootResult> {
  const { push, baselineFile, now, report, signal } = request;
  return await patchRoot({
    root: rootDirectory,
    workDirectory: join(places.cacheDirectory, places.cacheName),
    clockDirectory: places.clockDirectory,
    baseline: baselineFile,
    mode: push === null ? 'plan' : 'install',
    now,
    report,
    network,
    isDisposable: true,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Why what was patched must not be made an image. */
function findProblems({ outcomes, unplannedChanges, verdictAfter, factsAfter }: PatchRootResult): string[] {
  const undone = outcomes.filter(({ status }) => status !== 'installed');
  return [
    ...undone.map(({ targets, reason }) => `${targets.map(({ name }) => name).join(', ')} did not go in: ${reason}`),
    ...unplannedChanges.map(
      ({ name, fromVersion, toVersion }) =>
        `${name} changed from ${fromVersion ?? 'none'} to ${toVersion ?? 'none'}, and no plan said so`,
    ),
    ...factsAfter.overlay.unconfigured.map(({ name }) => `${name} is not configured whole`),
    ...verdictAfter.unknownReasons.map(({ message }) => message),
  ];
}

/** What of the approved is not in, although nothing speaks against it. */
function findShortfall(verdict: Verdict): string[] {
  return [
    ...verdict.unknownReasons.map(({ message }) => message),
    ...selectTargets(verdict).map(({ name, version }) => `The image that was made lacks ${name} ${version}`),
  ];
}

async function commit(
  container: ImageContainer,
  image: StoredImage,
  source: ImageSource,
  facts: NodeFacts,
): Promise<StoredImage> {
  const { 'org.opencontainers.image.base.name': _, ...inherited } = image.manifest.annotations ?? {};
  return await container.commit({
    timestamp: findTimestamp(image, facts),
    leavesOut: isNoPatch,
    createdBy: `patchbay image patch (${agentVersion})`,
    isUnpacked: true,
    annotations: {
      ...inherited,
      'org.opencontainers.image.base.digest': image.digest,
      'org.opencontainers.image.created': findTimestamp(image, facts).toISOString(),
      // A path of this machine means nothing elsewhere.
      ...(source.kind === 'registry'
        ? { 'org.opencontainers.image.base.name': formatReference(source.reference) }
        : {}),
      'patchbay.version': agentVersion,
    },
  });
}

/**
 * When the newest of the archives was written that the patches were chosen from, and never before the image below: the
 * same image and the same archives give the same time, and so the same digest, whenever it is done.
 */
function findTimestamp({ config }: StoredImage, { offers }: NodeFacts): Date {
  const dates = [config.created, ...offers.archives.map(({ release }) => release?.date)];
  const times = dates.map((date) => Date.parse(date ?? '')).filter((time) => Number.isFinite(time));
  return new Date(Math.floor(Math.max(0, ...times) / 1000) * 1000);
}

/** A new look at the image that was made, with the lists that it was patched by. */
async function prove(
  { store, report, baselineFile, now }: ImagePatchRequest,
  made: StoredImage,
  places: ImagePlaces,
  network: MachineNetwork,
): Promise<ImageScanReport> {
  report('Scanning the patched image');
  const container = await store.createContainer(made);
  try {
    return await scanContainer(container, made, { baselineFile, places, network, now, refresh: false });
  } finally {
    await container.remove();
  }
}
