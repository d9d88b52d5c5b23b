import { getCACertificates, setDefaultCACertificates } from 'node:tls';

let isTrusted = false;

/**
 * Trusts the authorities of the system besides Node's own, as other programs of the machine do. Node takes them only when told
 * so, and then for the whole process.
 */
export function trustSystemAuthorities(): void {
  if (isTrusted) return;
  isTrusted = true;
  setDefaultCACertificates([...new Set([...getCACertificates('default'), ...getCACertificates('system')])]);
}
