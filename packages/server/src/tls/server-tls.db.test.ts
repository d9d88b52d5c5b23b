import { randomBytes, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readServerConfig } from '../config.ts';
import { withTestDatabase } from '../database/test-support/test-database.ts';
import { createSecretBox } from '../secrets/index.ts';
import { findCertificateAuthority } from './repository.ts';
import { openServerTls } from './server-tls.ts';

describe('--tls auto', () => {
  const testDatabase = withTestDatabase();
  const secrets = createSecretBox(randomBytes(32), randomBytes);
  const now = new Date('2026-11-22T10:00:00.000Z');
  const config = readServerConfig({ tls: 'auto', tlsName: ['patchbay.example'] }, {});
  const open = async () => {
    const tls = await openServerTls(config, { db: testDatabase().database, secrets, accountId: '123456789012', now });
    if (!tls?.authority) throw new Error('There is no certificate authority');
    return { ...tls, authority: tls.authority };
  };

  it('makes one authority, also for replicas that start together, and seals its key', async () => {
    const opened = await Promise.all([open(), open(), open()]);
    expect(new Set(opened.map(({ authority }) => authority.fingerprint)).size).toBe(1);
    const stored = await findCertificateAuthority(testDatabase().database);
    expect(stored?.certificate).toBe(opened[0]?.authority.certificate);
    expect(stored?.sealedPrivateKey).not.toContain('PRIVATE KEY');
  });

  it('replaces the certificate in time, by the same authority and under the same names', async () => {
    const tls = await open();
    const issuer = new X509Certificate(tls.authority.certificate);
    const first = new X509Certificate(tls.material.cert);
    expect(await tls.refresh(new Date('2027-01-21T01:59:59.000Z'))).toBeUndefined();
    const renewed = await tls.refresh(new Date('2027-01-21T02:00:00.000Z'));
    const second = new X509Certificate(renewed?.cert ?? '');
    expect(second.serialNumber).not.toBe(first.serialNumber);
    expect(second.verify(issuer.publicKey)).toBe(true);
    expect(second.subjectAltName).toBe(first.subjectAltName);
    expect(second.subjectAltName).toContain('DNS:patchbay.example');
    expect(await tls.refresh(new Date('2027-01-21T02:00:01.000Z'))).toBeUndefined();
  });
});
