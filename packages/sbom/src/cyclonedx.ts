import { ComponentType, HashAlgorithm } from '@cyclonedx/cyclonedx-library/Enums';
import {
  Bom,
  Component,
  HashDictionary,
  Metadata,
  Property,
  PropertyRepository,
  Tools,
} from '@cyclonedx/cyclonedx-library/Models';
import { JSON as CycloneDxJson } from '@cyclonedx/cyclonedx-library/Serialize';
import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec';
import type { InstalledPackage, OperatingSystemFacts } from '@patchbay/facts';
import type { BillContents, BillSubject } from './bill-contents.ts';
import { documentUrn } from './document-id.ts';
import { parseImageDigest } from './image-digest.ts';
import { sortPackages } from './order.ts';
import { imageUrlOf, packageUrlOf } from './package-url.ts';
import { createReferences } from './references.ts';

const hashAlgorithms = { sha256: HashAlgorithm['SHA-256'], sha512: HashAlgorithm['SHA-512'] } as const;

/**
 * A bill of materials in CycloneDX 1.6 JSON (https://cyclonedx.org/docs/1.6/json/).
 * @throws BillError INVALID_DIGEST
 */
export function writeCycloneDx(contents: BillContents): string {
  const { subject, operatingSystem, installed, createdAt, patchbayVersion } = contents;
  const reference = createReferences();
  const patchbay = new Component(ComponentType.Application, 'patchbay', { version: patchbayVersion });
  const tools = new Tools();
  tools.components.add(patchbay);
  const bom = new Bom({
    serialNumber: documentUrn('cyclonedx', contents),
    metadata: new Metadata({ timestamp: createdAt, tools, component: describeSubject(subject, reference) }),
  });
  bom.components.add(describeOperatingSystem(operatingSystem, reference));
  for (const installedPackage of sortPackages(installed)) {
    bom.components.add(describePackage(operatingSystem, installedPackage, reference));
  }
  // Without `sortLists`: the library sorts by the locale of the process. Its serializer is passed over because it would
  // draw references at random where two are the same.
  const normalized = new CycloneDxJson.Normalize.Factory(Spec1dot6).makeForBom().normalize(bom, {});
  // The library lists every component as one that depends on nothing. What depends on what is not among the facts, and
  // "components not represented in the dependency graph may have unknown dependencies" (1.6, `dependencies`).
  return `${JSON.stringify({ ...normalized, dependencies: undefined }, null, 2)}\n`;
}

function describeSubject(subject: BillSubject, reference: (wanted: string) => string): Component {
  const { name, version, digest } = subject;
  const url = imageUrlOf(subject);
  const component = new Component(digest === null ? ComponentType.File : ComponentType.Container, name, {
    bomRef: reference(url ?? 'root-file-system'),
    ...(version === null ? {} : { version }),
    ...(url === null ? {} : { purl: url }),
  });
  if (digest !== null) {
    const { algorithm, hex } = parseImageDigest(digest);
    component.hashes = new HashDictionary([[hashAlgorithms[algorithm], hex]]);
  }
  return component;
}

function describeOperatingSystem(
  { id, versionId, prettyName }: OperatingSystemFacts,
  reference: (wanted: string) => string,
): Component {
  return new Component(ComponentType.OperatingSystem, id, {
    bomRef: reference('operating-system'),
    version: versionId,
    description: prettyName,
  });
}

/** CycloneDX has no place for a source package, hence properties. */
function describePackage(
  operatingSystem: OperatingSystemFacts,
  installedPackage: InstalledPackage,
  reference: (wanted: string) => string,
): Component {
  const url = packageUrlOf(operatingSystem, installedPackage);
  return new Component(ComponentType.Library, installedPackage.name, {
    bomRef: reference(url),
    version: installedPackage.version,
    purl: url,
    properties: new PropertyRepository([
      new Property('patchbay:architecture', installedPackage.architecture),
      new Property('patchbay:source', installedPackage.source),
      new Property('patchbay:source-version', installedPackage.sourceVersion),
    ]),
  });
}
