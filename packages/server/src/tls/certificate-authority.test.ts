import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import {
  createCertificateAuthority,
  issueServerCertificate,
  type KeyedCertificate,
  renewalTime,
} from './certificate-authority.ts';
import { certificateFingerprint } from './certificate-fingerprint.ts';

async function handshake(server: KeyedCertificate, authority: KeyedCertificate, servername: string): Promise<string> {
  const listener = createServer({ cert: server.certificate, key: server.privateKey }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate, servername });
  try {
    await once(socket, 'secureConnect');
    return 'trusted';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    socket.destroy();
    listener.close();
  }
}

describe('the built-in certificate authority', () => {
  it('vouches for a server under each of its names, and under no other', async () => {
    const authority = await createCertificateAuthority('123456789012', new Date());
    const names = ['patchbay.example', '192.0.2.7', 'localhost', '127.0.0.1', '::1'];
    const server = await issueServerCertificate(authority, names, new Date());
    expect(await handshake(server, authority, 'patchbay.example')).toBe('trusted');
    expect(await handshake(server, authority, 'other.example')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(new X509Certificate(server.certificate).checkIP('192.0.2.7')).toBe('192.0.2.7');
  });

  it('does not vouch for what another authority issued', async () => {
    const now = new Date();
    const [ours, other] = [
      await createCertificateAuthority('123456789012', now),
      await createCertificateAuthority('123456789012', now),
    ];
    const server = await issueServerCertificate(other, ['localhost'], now);
    expect(await handshake(server, ours, 'localhost')).not.toBe('trusted');
  });

  it('is for certificates of servers only, and may not pass its power on', async () => {
    const authority = await createCertificateAuthority('123456789012', new Date());
    const certificate = new X509Certificate(authority.certificate);
    const server = new X509Certificate(
      (await issueServerCertificate(authority, ['localhost'], new Date())).certificate,
    );
    expect([certificate.ca, server.ca]).toEqual([true, false]);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(server.checkIssued(certificate)).toBe(true);
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('holds for clocks that are a day behind, and is renewed after two thirds of 91 days', async () => {
    const now = new Date('2026-11-22T10:00:00.000Z');
    const authority = await createCertificateAuthority('123456789012', now);
    const { certificate } = await issueServerCertificate(authority, ['localhost'], now);
    expect(new X509Certificate(certificate).validFromDate).toEqual(new Date('2026-11-21T10:00:00.000Z'));
    expect(new X509Certificate(certificate).validToDate).toEqual(new Date('2027-02-20T10:00:00.000Z'));
    expect(renewalTime(certificate)).toEqual(new Date('2027-01-21T02:00:00.000Z'));
  });

  it('is named by the digest of its DER form', async () => {
    const { certificate } = await createCertificateAuthority('123456789012', new Date());
    const { fingerprint256 } = new X509Certificate(certificate);
    expect(certificateFingerprint(certificate)).toBe(`sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`);
  });
});
