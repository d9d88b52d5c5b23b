import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { createSecureContext } from 'node:tls';
import { isEveryAddress } from '../addresses.ts';
import { ConfigError, type ServerConfig } from '../config.ts';
import type { Database } from '../database/tables.ts';
import type { Logger } from '../observability/index.ts';
import type { SecretBox } from '../secrets/index.ts';
import type { KeyedCertificate } from './certificate-authority.ts';
import { certificateFingerprint } from './certificate-fingerprint.ts';
import { findCertificateAuthority, insertCertificateAuthority } from './repository.ts';

/** What `tls.createSecureContext` takes. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

/** The certificates of a server that serves TLS. */
export interface ServerTls {
  readonly material: TlsMaterial;
  /** The built-in certificate authority's certificate, which nodes fetch and compare. */
  readonly authority: { readonly certificate: string; readonly fingerprint: string } | undefined;
  /** New material where there is some: the files changed, or the certificate has to be renewed. Throws when it is no good. */
  refresh(now: Date): Promise<TlsMaterial | undefined>;
}

export interface ServerTlsParts {
  readonly db: Database;
  readonly secrets: SecretBox;
  readonly accountId: string;
  readonly now: Date;
}

const sealContext = 'certificate-authority.private-key';

/** Reads or makes what the configuration asks for. Throws ConfigError for files that are no good. */
export async function openServerTls(config: ServerConfig, parts: ServerTlsParts): Promise<ServerTls | undefined> {
  switch (config.tls.kind) {
    case 'none':
      return undefined;
    case 'files':
      return await openFiles(config.tls);
    case 'auto':
      return await openAuthority(certificateNames(config.host, config.tls.names), parts);
  }
}

async function openFiles(files: { readonly cert: string; readonly key: string }): Promise<ServerTls> {
  const material = await readTlsFiles(files);
  let current = material;
  return {
    material,
    authority: undefined,
    refresh: async () => {
      const found = await readTlsFiles(files);
      if (found.cert === current.cert && found.key === current.key) return undefined;
      current = found;
      return found;
    },
  };
}

async function readTlsFiles(files: { readonly cert: string; readonly key: string }): Promise<TlsMaterial> {
  const read = async (flag: string, path: string) => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      throw new ConfigError('INVALID_OPTION', `${flag} names ${path}, which cannot be read.`, { cause: error });
    }
  };
  const material = { cert: await read('--tls-cert', files.cert), key: await read('--tls-key', files.key) };
  try {
    createSecureContext(material);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      'INVALID_OPTION',
      `${files.cert} and ${files.key} are not a certificate and its key in PEM: ${reason}`,
      { cause: error },
    );
  }
  return material;
}

async function openAuthority(names: readonly string[], parts: ServerTlsParts): Promise<ServerTls> {
  // Loaded only where it is used: the library for certificates is a tenth of a start.
  const { createCertificateAuthority, issueServerCertificate, renewalTime } = await import(
    './certificate-authority.ts'
  );
  const authority = await readOrCreateAuthority(parts, createCertificateAuthority);
  let current = await issueServerCertificate(authority, names, parts.now);
  const materialOf = ({ certificate: cert, privateKey: key }: KeyedCertificate): TlsMaterial => ({ cert, key });
  return {
    material: materialOf(current),
    authority: {
      certificate: authority.certificate,
      fingerprint: certificateFingerprint(authority.certificate),
    },
    refresh: async (now) => {
      if (now < renewalTime(current.certificate)) return undefined;
      current = await issueServerCertificate(authority, names, now);
      return materialOf(current);
    },
  };
}

async function readOrCreateAuthority(
  { db, secrets, accountId, now }: ServerTlsParts,
  createCertificateAuthority: (accountId: string, now: Date) => Promise<KeyedCertificate>,
): Promise<KeyedCertificate> {
  if (!(await findCertificateAuthority(db))) {
    const { certificate, privateKey } = await createCertificateAuthority(accountId, now);
    const sealedPrivateKey = secrets.seal(privateKey, sealContext);
    await insertCertificateAuthority(db, { certificate, sealedPrivateKey, createdAt: now });
  }
  const stored = await findCertificateAuthority(db);
  if (!stored) throw new Error('The certificate authority that was just stored is gone');
  return { certificate: stored.certificate, privateKey: secrets.open(stored.sealedPrivateKey, sealContext) };
}

/** All that this machine may be called by: what it listens on, what the operator names, and this machine to itself. */
export function certificateNames(host: string, names: readonly string[]): string[] {
  const addresses = isEveryAddress(host)
    ? Object.values(networkInterfaces())
        .flatMap((each) => each ?? [])
        .flatMap(({ address, internal, scopeid }) => (internal || (scopeid ?? 0) > 0 ? [] : [address]))
    : [host];
  return [...new Set([...names, ...addresses, hostname(), 'localhost', '127.0.0.1', '::1'])];
}

const refreshMilliseconds = 10_000;

/** Looks again every ten seconds, and when told to; what is no good is logged and the old certificate stays. */
export function keepTlsFresh(
  tls: ServerTls,
  parts: { readonly apply: (material: TlsMaterial) => void; readonly clock: () => Date; readonly logger: Logger },
): { refresh(): Promise<void>; stop(): void } {
  let lastProblem = '';
  const refresh = async () => {
    try {
      const material = await tls.refresh(parts.clock());
      lastProblem = '';
      if (!material) return;
      parts.apply(material);
      parts.logger.info('the certificate was replaced');
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== lastProblem)
        parts.logger.error({ error }, 'the certificate cannot be replaced; the old one stays');
      lastProblem = problem;
    }
  };
  const timer = setInterval(() => void refresh(), refreshMilliseconds).unref();
  return { refresh, stop: () => clearInterval(timer) };
}
