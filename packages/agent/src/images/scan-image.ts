import type { MachineNetwork } from '../machine/index.ts';
import { printScan } from '../scan/print.ts';
import { runScan, type ScanReport, type ScanRequest } from '../scan/scan.ts';
import type { ImageContainer } from './image-container.ts';
import { formatPlatform, type ImagePlatform } from './image-manifest.ts';
import { type ImageNetworkOptions, withImageNetwork } from './image-network.ts';
import { findImagePlaces, type ImagePlaces } from './image-places.ts';
import type { ImageStore } from './image-store.ts';
import { requireWorkableRoot } from './inspect-root.ts';
import type { StoredImage } from './store-parts.ts';

export interface ImageScanRequest
  extends ImageNetworkOptions,
    Pick<ScanRequest, 'baselineFile' | 'refresh' | 'now' | 'output'> {
  readonly store: ImageStore;
  /** A reference, an archive, a layout or a directory, as people write it. */
  readonly source: string;
  readonly platform?: ImagePlatform;
  readonly cacheDirectory: string;
}

export interface ImageScanReport extends ScanReport {
  /** Null for a directory: there is no image of it. */
  readonly image: ImageOfScan | null;
}

export interface ImageOfScan {
  readonly name: string;
  readonly digest: string;
  readonly imageId: string;
  readonly platform: string;
  readonly created: string | null;
  /** Null where it is not said. */
  readonly baseDigest: string | null;
}

/**
 * Judges an image without a control plane and without changing it.
 * @throws ImageError, ScanError, NetworkError, MachineError
 */
export async function scanImage(request: ImageScanRequest): Promise<ImageScanReport> {
  const { store, output } = request;
  await store.removeLeftovers();
  const source = await store.readSource(request.source);
  return await withImageNetwork(request, async (network) => {
    if (source.kind === 'root-directory') {
      return { ...(await runScan({ ...request, root: source.directory, network })), image: null };
    }
    const image = await store.pull(source, request.platform);
    const container = await store.createContainer(image);
    try {
      const places = await findImagePlaces(request.cacheDirectory, image, container.rootDirectory);
      const report = await scanContainer(container, image, { ...request, places, network });
      output?.write(printImageScan(report, output.format));
      return report;
    } finally {
      await container.remove();
    }
  });
}

/** Judges what is in a container that was made of an image and not changed since. */
export async function scanContainer(
  { rootDirectory }: Pick<ImageContainer, 'rootDirectory'>,
  image: StoredImage,
  request: Pick<ImageScanRequest, 'baselineFile' | 'refresh' | 'now'> & {
    readonly places: ImagePlaces;
    readonly network: MachineNetwork;
  },
): Promise<ImageScanReport> {
  const name = image.name ?? image.digest;
  await requireWorkableRoot(rootDirectory, image.config, name);
  const { cacheDirectory, ...subject } = request.places;
  const report = await runScan({
    ...request,
    root: rootDirectory,
    cacheDirectory,
    output: null,
    subject: { name, ...subject },
  });
  const { os, architecture, created } = image.config;
  return {
    ...report,
    // The path of a mount that is gone a moment later says nothing.
    machine: { ...report.machine, root: null },
    image: {
      name,
      digest: image.digest,
      imageId: image.imageId,
      platform: formatPlatform({ os, architecture, variant: null }),
      created: created ?? null,
      baseDigest: image.manifest.annotations?.['org.opencontainers.image.base.digest'] ?? null,
    },
  };
}

/** Ends with a line feed. */
export function printImageScan(report: ImageScanReport, format: 'table' | 'json'): string {
  if (format === 'json' || report.image === null) return printScan(report, format);
  const { digest, platform, created } = report.image;
  const made = created === null ? '' : `, created ${created}`;
  return `Image ${digest} for ${platform}${made}\n${printScan(report, format)}`;
}
