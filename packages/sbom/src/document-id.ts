import { createHash } from 'node:crypto';
import { contentDigest } from '@patchbay/facts/digest';
import type { BillContents } from './bill-contents.ts';

/** Drawn once for bills of materials of Patchbay. */
const namespace = Buffer.from('6f1d2b0e9c5a4b3f8e7a52c4d1906b7e', 'hex');

/**
 * The `urn:uuid:` of a document in one format: of the image's digest, or of the contents of what is no image
 * (RFC 9562, 5.5: version 5, over a name).
 */
export function documentUrn(format: string, { subject, operatingSystem, installed }: BillContents): string {
  const name = `${format} ${subject.digest ?? contentDigest({ operatingSystem, installed })}`;
  const bytes = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return `urn:uuid:${bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`;
}
