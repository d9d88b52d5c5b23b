import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { installedPackage, sampleContents, sampleDigest } from './sample-contents.ts';
import { writeSpdx } from './spdx.ts';
import schema from './vectors/spdx-2.3.schema.json' with { type: 'json' };

interface SpdxPackage {
  readonly SPDXID: string;
  readonly name: string;
}

interface Document {
  readonly documentNamespace: string;
  readonly creationInfo: unknown;
  readonly packages: readonly SpdxPackage[];
  readonly relationships: readonly {
    readonly spdxElementId: string;
    readonly relationshipType: string;
    readonly relatedSpdxElement: string;
  }[];
}

const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
const write = (...others: Parameters<typeof sampleContents>) =>
  JSON.parse(writeSpdx(sampleContents(...others))) as Document;

it('is valid by the schema of SPDX 2.3, and the schema would notice', () => {
  const document = write();
  validate(document);
  expect(validate.errors).toBeNull();
  expect(validate({ ...document, packages: [{ ...document.packages[0], supplies: 'beer' }] })).toBe(false);
});

it('describes the image, which contains the operating system and every package', () => {
  const { packages, relationships } = write();
  const [image, ...contained] = packages;
  expect(image).toMatchObject({
    name: 'registry.example:5000/base/Debian-web',
    versionInfo: '1.0.3',
    primaryPackagePurpose: 'CONTAINER',
    checksums: [{ algorithm: 'SHA256', checksumValue: sampleDigest.slice('sha256:'.length) }],
  });
  expect(relationships).toEqual([
    { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: image?.SPDXID },
    ...contained.map(({ SPDXID }) => ({
      spdxElementId: image?.SPDXID,
      relationshipType: 'CONTAINS',
      relatedSpdxElement: SPDXID,
    })),
  ]);
});

it('gives a package its package URL and source, and asserts nothing about its licence', () => {
  const { packages } = write();
  expect(packages.find(({ name }) => name === 'g++-12')).toEqual({
    name: 'g++-12',
    SPDXID: 'SPDXRef-Package-g---12-amd64',
    versionInfo: '12.2.0-14+deb12u1',
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    sourceInfo: 'built from the source package gcc-12 12.2.0-14+deb12u1',
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: 'pkg:deb/debian/g%2B%2B-12@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12',
      },
    ],
  });
});

it('keeps apart the packages whose names differ only in what an SPDX identifier cannot hold', () => {
  const packages = ['a+b', 'a-b', 'a_b'].map((name) => installedPackage(name, '1'));
  const identifiers = write({ installed: { packages } }).packages.slice(2);
  expect(identifiers.map(({ SPDXID }) => SPDXID)).toEqual([
    'SPDXRef-Package-a-b-amd64',
    'SPDXRef-Package-a-b-amd64-2',
    'SPDXRef-Package-a-b-amd64-3',
  ]);
});

it('has the time in whole seconds, as SPDX wants it, and the tool', () => {
  expect(write().creationInfo).toEqual({ created: '2026-11-22T02:00:00Z', creators: ['Tool: patchbay-0.1.0'] });
});

it('has a namespace of its own for each image digest', () => {
  const { documentNamespace } = write();
  expect(documentNamespace).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(write({ createdAt: new Date(0) }).documentNamespace).toBe(documentNamespace);
  const other = { ...sampleContents().subject, digest: `sha256:${'1'.repeat(64)}` };
  expect(write({ subject: other }).documentNamespace).not.toBe(documentNamespace);
});

it('describes a root file system that is no image', () => {
  const document = write({ subject: { name: '/srv/root', version: null, digest: null } });
  expect(validate(document)).toBe(true);
  expect(document.packages[0]).not.toHaveProperty('checksums');
  expect(document.packages[0]).not.toHaveProperty('externalRefs');
});
