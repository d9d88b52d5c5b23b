import { Version } from '@cyclonedx/cyclonedx-library/Spec';
import { JsonStrictValidator } from '@cyclonedx/cyclonedx-library/Validation';
import { expect, it } from 'vitest';
import { writeCycloneDx } from './cyclonedx.ts';
import { installedPackage, sampleContents, sampleDigest } from './sample-contents.ts';

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly 'bom-ref': string;
  readonly properties?: readonly { name: string; value: string }[];
}

interface Document {
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp: string; readonly component: Component; readonly tools: unknown };
  readonly components: readonly Component[];
  readonly dependencies?: unknown;
}

const validator = new JsonStrictValidator(Version.v1dot6);
const write = (...others: Parameters<typeof sampleContents>) =>
  JSON.parse(writeCycloneDx(sampleContents(...others))) as Document;

it('is valid by the strict schema of CycloneDX 1.6, and the schema would notice', async () => {
  const text = writeCycloneDx(sampleContents());
  expect(await validator.validate(text)).toBeNull();
  expect(await validator.validate(text.replace('"type": "container"', '"type": "vessel"'))).not.toBeNull();
});

it('describes the image, the tool and the time of the build', () => {
  const { metadata } = write();
  expect(metadata).toEqual({
    timestamp: '2026-11-22T02:00:00.125Z',
    tools: { components: [{ type: 'application', name: 'patchbay', version: '0.1.0' }] },
    component: {
      type: 'container',
      name: 'registry.example:5000/base/Debian-web',
      version: '1.0.3',
      'bom-ref': `pkg:oci/debian-web@${sampleDigest}?repository_url=registry.example:5000%2Fbase%2FDebian-web`,
      purl: `pkg:oci/debian-web@${sampleDigest}?repository_url=registry.example:5000%2Fbase%2FDebian-web`,
      hashes: [{ alg: 'SHA-256', content: '0f'.repeat(32) }],
    },
  });
});

it('lists the operating system and every binary package with its source', () => {
  const { components } = write();
  expect(components[0]).toMatchObject({ type: 'operating-system', name: 'debian', version: '12' });
  const packages = components.slice(1);
  expect(packages.map(({ name, version }) => `${name} ${version}`)).toEqual(
    sampleContents().installed.packages.map(({ name, version }) => `${name} ${version}`),
  );
  expect(packages[3]).toEqual({
    type: 'library',
    name: 'libc6',
    version: '2.36-9+deb12u10',
    'bom-ref': 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=i386&distro=debian-12',
    purl: 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=i386&distro=debian-12',
    properties: [
      { name: 'patchbay:architecture', value: 'i386' },
      { name: 'patchbay:source', value: 'glibc' },
      { name: 'patchbay:source-version', value: '2.36-9+deb12u10' },
    ],
  });
});

it('says nothing of dependencies, which nobody looked at', () => {
  expect(write()).not.toHaveProperty('dependencies');
});

it('has a serial number that follows from the digest of the image', () => {
  const { serialNumber } = write();
  expect(write({ patchbayVersion: '9', createdAt: new Date(0) }).serialNumber).toBe(serialNumber);
  const other = { ...sampleContents().subject, digest: `sha512:${'1'.repeat(128)}` };
  expect(write({ subject: other }).serialNumber).not.toBe(serialNumber);
});

it('orders by code units, whatever the locale of the process', () => {
  // Danish sorts aa last, and every locale of ICU sorts Z after a.
  const packages = ['zlib1g', 'aalib1', 'Zed', 'abc'].map((name) => installedPackage(name, '1'));
  const names = write({ installed: { packages } }).components.map(({ name }) => name);
  expect(names).toEqual(['debian', 'Zed', 'aalib1', 'abc', 'zlib1g']);
});

it('describes a root file system that is no image by its contents', async () => {
  const subject = { name: '/srv/root', version: null, digest: null };
  const text = writeCycloneDx(sampleContents({ subject }));
  expect(await validator.validate(text)).toBeNull();
  const { metadata, serialNumber } = write({ subject });
  expect(metadata.component).toEqual({ type: 'file', name: '/srv/root', 'bom-ref': 'root-file-system' });
  expect(write({ subject, installed: { packages: [] } }).serialNumber).not.toBe(serialNumber);
});

it('refuses what is no digest', () => {
  for (const digest of [
    '',
    'latest',
    `sha256:${'A'.repeat(64)}`,
    `md5:${'a'.repeat(32)}`,
    `sha256:${'a'.repeat(64)}\n`,
  ]) {
    const subject = { name: 'web', version: null, digest };
    expect(() => writeCycloneDx(sampleContents({ subject }))).toThrow(
      expect.objectContaining({ code: 'INVALID_DIGEST' }),
    );
  }
});
