import { describe, expect, it } from 'vitest';
import {
  formatPlatform,
  ImageIndex,
  parsePlatform,
  readManifest,
  selectPlatform,
  toOciLayer,
} from './image-manifest.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const layer = { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', digest: digest('b'), size: 1 };
const config = { mediaType: 'application/vnd.docker.container.image.v1+json', digest: digest('a'), size: 2 };

describe('a manifest', () => {
  it('of schema 2 or of the OCI is an image', () => {
    expect(readManifest(bytesOf({ schemaVersion: 2, config, layers: [layer] }), 'x')).toMatchObject({ kind: 'image' });
  });

  it.each([
    ['schema 1', { schemaVersion: 1, fsLayers: [] }, 'schema 1'],
    ['an artifact', { schemaVersion: 2, artifactType: 'text/x', config, layers: [layer] }, 'it is an artifact'],
    ['without layers', { schemaVersion: 2, config, layers: [] }, 'no root file system'],
    ['something else', { hello: 1 }, 'neither an image nor an index'],
    [
      'a digest that leads elsewhere',
      { schemaVersion: 2, config: { ...config, digest: 'sha256:../../etc' }, layers: [layer] },
      'neither',
    ],
  ])('refuses %s', (_what, json, problem) => {
    expect(() => readManifest(bytesOf(json), 'registry/x')).toThrow(problem);
  });

  const elsewhere = '["http://169.254.169.254/"]';
  it.each([
    ['urls', `"urls":${elsewhere}`],
    // As Go reads them.
    ['URLs', `"URLs" : ${elsewhere}`],
    ['urlſ', `"urlſ":${elsewhere}`],
    ['an escaped key', String.raw`"\u0075rls":${elsewhere}`],
    ['a key that stands twice', `"urls":${elsewhere},"urls":[]`],
  ])('refuses a layer that lies at an address of its own: %s', (_what, member) => {
    const text = (more: string) =>
      `{"schemaVersion":2,"config":${JSON.stringify(config)},"layers":[{"annotations":{"a\\"":"\\"urls\\":"},${more},${JSON.stringify(layer).slice(1)}]}`;
    expect(() => readManifest(Buffer.from(text(member)), 'x')).toThrow('lies at an address that the image names');
    expect(readManifest(Buffer.from(text('"urls" : [ ]')), 'x')).toMatchObject({ kind: 'image' });
  });

  it('keeps the digest of a layer of Docker under the name of the OCI', () => {
    expect(toOciLayer(layer)).toEqual({ ...layer, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' });
  });
});

describe('an index of platforms', () => {
  const index = ImageIndex.parse({
    schemaVersion: 2,
    manifests: [
      { ...config, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
      { ...layer, platform: { os: 'unknown', architecture: 'unknown' } },
    ],
  });

  it('has the wanted one or names those that are there', () => {
    expect(selectPlatform(index, parsePlatform('linux/arm64'), 'x').digest).toBe(config.digest);
    expect(selectPlatform(index, parsePlatform('linux/arm64/v8'), 'x').digest).toBe(config.digest);
    expect(() => selectPlatform(index, parsePlatform('linux/amd64'), 'x')).toThrow(
      'x has no image for linux/amd64; it has linux/arm64/v8.',
    );
  });

  it.each(['linux', 'linux/', '/amd64', 'a/b/c/d'])('%j is no platform', (text) => {
    expect(() => parsePlatform(text)).toThrow('is no platform');
  });

  it('is written as it is read', () => {
    expect(formatPlatform(parsePlatform('linux/arm/v7'))).toBe('linux/arm/v7');
  });
});
