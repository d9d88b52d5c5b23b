import { createHash, X509Certificate } from 'node:crypto';

/** `sha256:` and the hexadecimal digest of a certificate's DER form: what nodes compare with at enrolment. */
export function certificateFingerprint(certificate: string): string {
  return `sha256:${createHash('sha256').update(new X509Certificate(certificate).raw).digest('hex')}`;
}
