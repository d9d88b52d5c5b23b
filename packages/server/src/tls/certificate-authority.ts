// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs its side effect, before itself
import 'reflect-metadata';
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Certificate and private key, both in PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;
const dayMilliseconds = 86_400_000;
/** Nodes whose clocks are behind ours must find a new certificate valid already. */
const backdatedMilliseconds = dayMilliseconds;
const authorityDays = 3650;
const serverDays = 90;

/** Makes a certificate authority (RFC 5280, 4.2.1.9) that signs certificates of servers and nothing else. */
export async function createCertificateAuthority(accountId: string, now: Date): Promise<KeyedCertificate> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerialNumber(),
    subject: `CN=Patchbay CA of ${accountId}`,
    issuer: `CN=Patchbay CA of ${accountId}`,
    notBefore: new Date(now.getTime() - backdatedMilliseconds),
    notAfter: new Date(now.getTime() + authorityDays * dayMilliseconds),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemOf(certificate.rawData), privateKey: await exportPrivateKey(keys.privateKey) };
}

/** Makes a certificate with a key of its own for a server that is reached under these names and addresses. */
export async function issueServerCertificate(
  authority: KeyedCertificate,
  names: readonly string[],
  now: Date,
): Promise<KeyedCertificate> {
  const keys = await generateKeys();
  const issuer = new X509Certificate(authority.certificate);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerialNumber(),
    subject: 'CN=Patchbay control plane',
    issuer: issuer.subject.split('\n').join(', '),
    notBefore: new Date(now.getTime() - backdatedMilliseconds),
    notAfter: new Date(now.getTime() + serverDays * dayMilliseconds),
    publicKey: keys.publicKey,
    signingKey: await importSigningKey(authority.privateKey),
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(await importPublicKey(issuer)),
    ],
  });
  return { certificate: pemOf(certificate.rawData), privateKey: await exportPrivateKey(keys.privateKey) };
}

/** When a certificate that ends then should give way to a new one: after two thirds of its life. */
export function renewalTime(certificate: string): Date {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  const lifeMilliseconds = validToDate.getTime() - validFromDate.getTime();
  return new Date(validFromDate.getTime() + (lifeMilliseconds * 2) / 3);
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
}

async function exportPrivateKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

async function importSigningKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return await webcrypto.subtle.importKey('pkcs8', der, keyAlgorithm, false, ['sign']);
}

async function importPublicKey(certificate: X509Certificate): Promise<webcrypto.CryptoKey> {
  const der = certificate.publicKey.export({ format: 'der', type: 'spki' });
  return await webcrypto.subtle.importKey('spki', der, keyAlgorithm, true, ['verify']);
}

/** RFC 5280, 4.1.2.2: positive and at most 20 bytes. */
function randomSerialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

function pemOf(der: ArrayBuffer): string {
  return new X509Certificate(Buffer.from(der)).toString();
}
