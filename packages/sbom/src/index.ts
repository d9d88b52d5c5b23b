export type { BillContents, BillSubject } from './bill-contents.ts';
export { BillError } from './bill-error.ts';
export { type BillFormat, billFormats } from './bill-formats.ts';
export { writeCycloneDx } from './cyclonedx.ts';
export { packageUrlOf } from './package-url.ts';
export { writeSpdx } from './spdx.ts';
