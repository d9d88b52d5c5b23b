import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readServerConfig } from '../config.ts';
import { createLogger } from '../observability/index.ts';
import { createCertificateAuthority, issueServerCertificate } from './certificate-authority.ts';
import { certificateNames, keepTlsFresh, openServerTls, type ServerTlsParts } from './server-tls.ts';

describe('certificates from files', () => {
  let folder = '';
  const files = () => ({ tlsCert: join(folder, 'cert.pem'), tlsKey: join(folder, 'key.pem') });
  const write = async () => {
    const now = new Date();
    const issued = await issueServerCertificate(await createCertificateAuthority('1', now), ['localhost'], now);
    await writeFile(files().tlsCert, issued.certificate);
    await writeFile(files().tlsKey, issued.privateKey);
    return { cert: issued.certificate, key: issued.privateKey };
  };
  const nothing = {} as ServerTlsParts;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-tls-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are taken again when they have changed', async () => {
    const first = await write();
    const tls = await openServerTls(readServerConfig(files(), {}), nothing);
    expect(tls?.material).toEqual(first);
    expect(await tls?.refresh(new Date())).toBeUndefined();
    const second = await write();
    expect(await tls?.refresh(new Date())).toEqual(second);
    expect(await tls?.refresh(new Date())).toBeUndefined();
  });

  it('are refused at the start when they do not belong together, and later only said to be wrong', async () => {
    await write();
    const config = readServerConfig(files(), {});
    const tls = await openServerTls(config, nothing);
    await writeFile(files().tlsKey, 'half a key');
    await expect(openServerTls(config, nothing)).rejects.toMatchObject({ code: 'INVALID_OPTION' });

    const lines: string[] = [];
    const applied: unknown[] = [];
    if (!tls) throw new Error('No certificate');
    const fresh = keepTlsFresh(tls, {
      apply: (material) => void applied.push(material),
      clock: () => new Date(),
      logger: createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
    });
    await fresh.refresh();
    await fresh.refresh();
    expect(applied).toEqual([]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('the old one stays');
    const good = await write();
    await fresh.refresh();
    fresh.stop();
    expect(applied).toEqual([good]);
  });
});

describe('the names of a certificate', () => {
  it('are what the operator named, where it listens, and this machine', () => {
    expect(certificateNames('192.0.2.7', ['patchbay.example'])).toEqual(
      expect.arrayContaining(['patchbay.example', '192.0.2.7', 'localhost', '127.0.0.1', '::1']),
    );
    expect(certificateNames('0.0.0.0', [])).not.toContain('0.0.0.0');
  });
});
