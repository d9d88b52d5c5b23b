import type { InstalledSet, OperatingSystemFacts } from '@patchbay/facts';

/** What is listed: a container image, or a root file system. */
export interface BillSubject {
  /** Of an image its repository, with the registry if it is known: `registry.example:5000/base/debian`. */
  readonly name: string;
  readonly version: string | null;
  /** `sha256:…` of the image's manifest; null for a root file system that is no image. */
  readonly digest: string | null;
}

/** All that a bill of materials is written from. The same contents give the same bytes. */
export interface BillContents {
  readonly subject: BillSubject;
  readonly operatingSystem: OperatingSystemFacts;
  readonly installed: InstalledSet;
  /** The time that the document bears: of an image when it was built, so that the document can be written again. */
  readonly createdAt: Date;
  readonly patchbayVersion: string;
}
