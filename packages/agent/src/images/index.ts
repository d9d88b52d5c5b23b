export { isTraceOfBuilder } from './builder-traces.ts';
export type { ConfigChanges } from './config-changes.ts';
export type { CommitOptions, ImageContainer } from './image-container.ts';
export { ImageError } from './image-error.ts';
export {
  type Descriptor,
  formatPlatform,
  type ImageConfig,
  type ImageManifest,
  type ImagePlatform,
  ownPlatform,
  parsePlatform,
} from './image-manifest.ts';
export { type ImageNetworkOptions, withImageNetwork } from './image-network.ts';
export { formatReference, parseReference, type RegistryReference } from './image-reference.ts';
export { describeSource, type ImageSource } from './image-source.ts';
export { type ImageStore, openImageStore } from './image-store.ts';
export type { RootImport } from './import-root.ts';
export { type ImagePatchReport, type ImagePatchRequest, patchImage } from './patch-image.ts';
export { printImagePatch } from './print-patch.ts';
export {
  type ArtifactBlob,
  openRegistryClient,
  type RegistryAccess,
  type RegistryClient,
} from './registry-client.ts';
export { findAuthFile } from './registry-credentials.ts';
export { type ImageScanReport, type ImageScanRequest, printImageScan, scanImage } from './scan-image.ts';
export type { CopyDestination } from './send-image.ts';
export type { ImageStoreOptions, StoredImage } from './store-parts.ts';
