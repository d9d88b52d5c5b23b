import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from './image-manifest.ts';
import type { StoreParts } from './store-parts.ts';

/** Blobs of an image that is being pulled belong to none yet: what is younger than a day is left alone. */
const youngMilliseconds = 24 * 3_600_000;

/** Removes images that nobody used since, what is unpacked of them, and blobs that no image has. */
export async function pruneImages(parts: StoreParts, unusedSince: Date): Promise<string[]> {
  const folder = join(parts.directory, 'images');
  const wanted = new Set<string>();
  const removed: string[] = [];
  const kept = new Set<string>();
  const old: { readonly digest: string; readonly imageId: string }[] = [];
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
    const digest = `sha256:${name.slice(0, -'.json'.length)}`;
    const used = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    const blobs = await listBlobs(parts, digest);
    if (used < unusedSince.getTime()) old.push({ digest, imageId: blobs[0] ?? digest });
    else {
      for (const blob of [digest, ...blobs]) wanted.add(blob);
      kept.add(blobs[0] ?? digest);
    }
  }
  for (const { digest, imageId } of old) {
    const record = join(folder, `${digest.slice('sha256:'.length)}.json`);
    // Somebody may have taken it up meanwhile.
    if ((statSync(record, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= unusedSince.getTime()) {
      for (const blob of [digest, ...(await listBlobs(parts, digest))]) wanted.add(blob);
      continue;
    }
    rmSync(record, { force: true });
    removed.push(digest);
    // Refused for an image that a container stands on, and for one that was never unpacked.
    if (!kept.has(imageId)) await parts.tools.tryRun('buildah', ['rmi', imageId.slice('sha256:'.length)]);
  }
  parts.blobs.removeOthers(wanted, new Date(Math.min(unusedSince.getTime(), Date.now() - youngMilliseconds)));
  return removed;
}

/** The configuration first, then the layers; none for a manifest that cannot be read any more. */
async function listBlobs({ blobs }: StoreParts, digest: string): Promise<string[]> {
  try {
    const read = readManifest(await blobs.read(digest), digest);
    return read.kind === 'image' ? [read.manifest.config, ...read.manifest.layers].map((blob) => blob.digest) : [];
  } catch {
    return [];
  }
}
