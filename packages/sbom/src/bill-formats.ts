import type { BillContents } from './bill-contents.ts';
import { writeCycloneDx } from './cyclonedx.ts';
import { writeSpdx } from './spdx.ts';

export interface BillFormat {
  readonly id: 'cyclonedx' | 'spdx';
  /** As IANA lists it, for `artifactType` and HTTP. */
  readonly mediaType: string;
  readonly write: (contents: BillContents) => string;
}

/** Every format that a bill of materials can have. */
export const billFormats: readonly BillFormat[] = [
  { id: 'cyclonedx', mediaType: 'application/vnd.cyclonedx+json', write: writeCycloneDx },
  { id: 'spdx', mediaType: 'application/spdx+json', write: writeSpdx },
];
