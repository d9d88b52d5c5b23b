import type { InstalledPackage, OperatingSystemFacts } from '@patchbay/facts';
import type { BillContents, BillSubject } from './bill-contents.ts';
import { documentUrn } from './document-id.ts';
import { parseImageDigest } from './image-digest.ts';
import { sortPackages } from './order.ts';
import { imageUrlOf, packageUrlOf } from './package-url.ts';
import { createReferences } from './references.ts';

const documentId = 'SPDXRef-DOCUMENT';
const licenceComment =
  'Licences and copyrights are NOASSERTION: the package status of dpkg names neither. The files below /usr/share/doc of the packages do.';
const nothingAsserted = {
  downloadLocation: 'NOASSERTION',
  filesAnalyzed: false,
  licenseConcluded: 'NOASSERTION',
  licenseDeclared: 'NOASSERTION',
  copyrightText: 'NOASSERTION',
} as const;

/**
 * A bill of materials in SPDX 2.3 JSON (https://spdx.github.io/spdx-spec/v2.3/).
 * @throws BillError INVALID_DIGEST
 */
export function writeSpdx(contents: BillContents): string {
  const { subject, operatingSystem, installed, createdAt, patchbayVersion } = contents;
  const reference = createReferences();
  const described = describeSubject(subject);
  const contained = [
    describeOperatingSystem(operatingSystem),
    ...sortPackages(installed).map((each) => describePackage(operatingSystem, each, reference)),
  ];
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: documentId,
    name: subject.version === null ? subject.name : `${subject.name} ${subject.version}`,
    documentNamespace: documentUrn('spdx', contents),
    comment: licenceComment,
    creationInfo: {
      // 6.9: `YYYY-MM-DDThh:mm:ssZ`, without fractions of a second.
      created: createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
      creators: [`Tool: patchbay-${patchbayVersion}`],
    },
    packages: [described, ...contained],
    relationships: [
      { spdxElementId: documentId, relationshipType: 'DESCRIBES', relatedSpdxElement: described.SPDXID },
      ...contained.map(({ SPDXID }) => ({
        spdxElementId: described.SPDXID,
        relationshipType: 'CONTAINS',
        relatedSpdxElement: SPDXID,
      })),
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

interface SpdxPackage {
  readonly name: string;
  readonly SPDXID: string;
  readonly [field: string]: unknown;
}

function describeSubject(subject: BillSubject): SpdxPackage {
  const { name, version, digest } = subject;
  const parts = digest === null ? null : parseImageDigest(digest);
  return {
    name,
    SPDXID: 'SPDXRef-Subject',
    ...(version === null ? {} : { versionInfo: version }),
    ...nothingAsserted,
    primaryPackagePurpose: parts === null ? 'FILE' : 'CONTAINER',
    ...(parts === null ? {} : { checksums: [{ algorithm: parts.algorithm.toUpperCase(), checksumValue: parts.hex }] }),
    ...refersTo(imageUrlOf(subject)),
  };
}

function describeOperatingSystem({ id, versionId, prettyName }: OperatingSystemFacts): SpdxPackage {
  return {
    name: id,
    SPDXID: 'SPDXRef-OperatingSystem',
    ...(versionId === '' ? {} : { versionInfo: versionId }),
    ...nothingAsserted,
    description: prettyName,
    // The prose of 7.24 has a hyphen here, the schema of the JSON form an underscore.
    primaryPackagePurpose: 'OPERATING_SYSTEM',
  };
}

function describePackage(
  operatingSystem: OperatingSystemFacts,
  installedPackage: InstalledPackage,
  reference: (wanted: string) => string,
): SpdxPackage {
  const { name, architecture, version, source, sourceVersion } = installedPackage;
  return {
    name,
    // 3.2: letters, digits, `.` and `-` only.
    SPDXID: reference(`SPDXRef-Package-${name}-${architecture}`.replaceAll(/[^A-Za-z0-9.-]/g, '-')),
    versionInfo: version,
    ...nothingAsserted,
    sourceInfo: `built from the source package ${source} ${sourceVersion}`,
    ...refersTo(packageUrlOf(operatingSystem, installedPackage)),
  };
}

function refersTo(packageUrl: string | null): object {
  if (packageUrl === null) return {};
  return {
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: packageUrl }],
  };
}
