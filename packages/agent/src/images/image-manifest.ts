import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ImageError } from './image-error.ts';

/** The OCI image specification: descriptor.md, manifest.md, config.md, image-index.md. What is not named is kept as it is. */
const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export const Descriptor = z.looseObject({
  mediaType: z.string(),
  digest: Digest,
  size: z.number().int().nonnegative(),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type Descriptor = z.infer<typeof Descriptor>;

export const ImageManifest = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: Descriptor,
  layers: z.array(Descriptor),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type ImageManifest = z.infer<typeof ImageManifest>;

const Platform = z.looseObject({ architecture: z.string(), os: z.string(), variant: z.string().optional() });
export const ImageIndex = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: z.array(z.looseObject({ ...Descriptor.shape, platform: Platform.optional() })),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type ImageIndex = z.infer<typeof ImageIndex>;

const RuntimeConfig = z.looseObject({
  User: z.string().optional(),
  ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
  Env: z.array(z.string()).nullish(),
  Entrypoint: z.array(z.string()).nullish(),
  Cmd: z.array(z.string()).nullish(),
  Volumes: z.record(z.string(), z.unknown()).nullish(),
  WorkingDir: z.string().optional(),
  Labels: z.record(z.string(), z.string()).nullish(),
  StopSignal: z.string().optional(),
  Shell: z.array(z.string()).nullish(),
});

export const ImageConfig = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  created: z.string().nullish(),
  config: RuntimeConfig.nullish(),
  rootfs: z.looseObject({ type: z.string(), diff_ids: z.array(Digest) }),
  history: z.array(z.looseObject({ created: z.string().nullish() })).nullish(),
});
export type ImageConfig = z.infer<typeof ImageConfig>;

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  plainLayer: 'application/vnd.oci.image.layer.v1.tar',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

/** Docker's names for what the OCI specification took over unchanged (media-types.md, "Compatibility matrix"). */
const ociNames = new Map<string, string>([
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', mediaTypes.layer],
  ['application/vnd.docker.image.rootfs.diff.tar', mediaTypes.plainLayer],
  [
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ],
]);

export function toOciLayer(layer: Descriptor): Descriptor {
  return { ...layer, mediaType: ociNames.get(layer.mediaType) ?? layer.mediaType };
}

export function isPlainLayer({ mediaType }: Descriptor): boolean {
  return toOciLayer({ mediaType, digest: '', size: 0 }).mediaType === mediaTypes.plainLayer;
}

export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export type ReadManifest =
  | { readonly kind: 'image'; readonly manifest: ImageManifest }
  | { readonly kind: 'index'; readonly index: ImageIndex };

/**
 * Reads a manifest of the OCI specification or of Docker's schema 2.
 * @throws ImageError UNSUPPORTED_MANIFEST for schema 1, for what is no image, and for one that lies elsewhere
 */
export function readManifest(bytes: Uint8Array, name: string): ReadManifest {
  const refuse = (problem: string, cause?: unknown) =>
    new ImageError('UNSUPPORTED_MANIFEST', `${name} cannot be used: ${problem}`, { cause });
  const text = Buffer.from(bytes).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw refuse('its manifest is no JSON', error);
  }
  const { schemaVersion } = z.looseObject({ schemaVersion: z.unknown() }).catch({ schemaVersion: null }).parse(json);
  if (schemaVersion === 1) {
    throw refuse('its manifest has schema 1, which names no configuration; have it pushed again by a newer tool');
  }
  const index = ImageIndex.safeParse(json);
  if (index.success) return { kind: 'index', index: index.data };
  const manifest = ImageManifest.safeParse(json);
  if (!manifest.success) throw refuse('its manifest is neither an image nor an index of images', manifest.error);
  if (manifest.data.layers.length === 0 || 'artifactType' in manifest.data) {
    throw refuse('it is an artifact and has no root file system');
  }
  if (namesAddresses(text)) {
    throw refuse(
      'a part of it lies at an address that the image names, and nothing is fetched from there; have it pushed again with all of its layers',
    );
  }
  return { kind: 'image', manifest: manifest.data };
}

/** A string, and after a key either a colon or nothing at all for a value. */
const stringOrKey = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:\s*(?:\[\s*\]|null\b)|\s*:)?/g;

/**
 * Whether a descriptor has `urls` (descriptor.md): skopeo asks there, from this machine, whatever stands there. Sought in the
 * text, because Go's reader takes keys in any capitals and also the first of two that are the same.
 */
function namesAddresses(text: string): boolean {
  return [...text.matchAll(stringOrKey)].some(
    ([, key = '', mark]) => mark?.endsWith(':') === true && readKey(key).toUpperCase() === 'URLS',
  );
}

function readKey(quoted: string): string {
  return String(JSON.parse(quoted));
}

/** `linux/amd64[/variant]`, in the words of Go. */
export interface ImagePlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | null;
}

/** @throws ImageError INVALID_REFERENCE */
export function parsePlatform(text: string): ImagePlatform {
  const [os = '', architecture = '', variant, ...more] = text.split('/');
  if (os === '' || architecture === '' || more.length > 0) {
    throw new ImageError('INVALID_REFERENCE', `${JSON.stringify(text)} is no platform such as linux/amd64.`);
  }
  return { os, architecture, variant: variant ?? null };
}

const goArchitectures = new Map([
  ['x64', 'amd64'],
  ['ia32', '386'],
]);

/** What this machine runs. */
export function ownPlatform(): ImagePlatform {
  return { os: 'linux', architecture: goArchitectures.get(process.arch) ?? process.arch, variant: null };
}

export function formatPlatform({ os, architecture, variant }: ImagePlatform): string {
  return [os, architecture, ...(variant === null ? [] : [variant])].join('/');
}

/** @throws ImageError PLATFORM_NOT_FOUND, naming those that are there */
export function selectPlatform(index: ImageIndex, wanted: ImagePlatform, name: string): Descriptor {
  const found = index.manifests.find(
    ({ platform }) =>
      platform !== undefined &&
      platform.os === wanted.os &&
      platform.architecture === wanted.architecture &&
      (wanted.variant === null || platform.variant === wanted.variant),
  );
  if (found !== undefined) return found;
  const there = index.manifests.flatMap(({ platform }) =>
    platform === undefined || platform.os === 'unknown'
      ? []
      : [formatPlatform({ ...platform, variant: platform.variant ?? null })],
  );
  throw new ImageError(
    'PLATFORM_NOT_FOUND',
    `${name} has no image for ${formatPlatform(wanted)}; it has ${there.join(', ') || 'none that names its platform'}.`,
  );
}
