import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type ArchiveAddress, archiveKey, type ReleaseFields } from '@patchbay/facts';
import {
  cutPackagesIndex,
  everyName,
  type IndexStanza,
  ParseError,
  parseRelease,
  type ReleaseFile,
  type ReleaseTraits,
  readPackagesIndex,
  splitClearSigned,
} from '@patchbay/package-managers';
import { type EgressClient, EgressError } from '../../egress/index.ts';
import { runProgram } from '../../processes/run-program.ts';
import type { CheckSignature } from './signature.ts';

/** What of an archive is looked at, and how far it was known. */
export interface WatchedArchive {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  readonly architectures: readonly string[];
  readonly keyring: Uint8Array;
  readonly lastModified: string | null;
  /** Of the Release file that was verified last. */
  readonly release: ReleaseFields | null;
}

export interface ReadIndex {
  readonly archiveKey: string;
  readonly address: ArchiveAddress;
  /** `sha256:<hex>` of the uncompressed index, as nodes report it. */
  readonly digest: string;
  /** Null: it is what was stored under this digest already. */
  readonly stanzas: readonly IndexStanza[] | null;
}

export type LookedAt =
  | { readonly status: 'unchanged' }
  | {
      readonly status: 'read';
      readonly release: ReleaseFields;
      readonly traits: Omit<ReleaseTraits, 'fields'>;
      readonly lastModified: string | null;
      readonly indexes: readonly ReadIndex[];
    }
  /** Nothing of it counts; what was known stays. */
  | { readonly status: 'failed'; readonly problem: string };

export interface FetchPorts {
  readonly egress: EgressClient;
  readonly checkSignature: CheckSignature;
  readonly now: Date;
  /** Whether the content of an index is stored already. */
  readonly isKnown: (archiveKey: string, digest: string) => Promise<boolean>;
}

const mebibyte = 1024 * 1024;
const releaseLimitBytes = 16 * mebibyte;
const indexLimitBytes = 512 * mebibyte;
const timeoutSeconds = 300;
const pieceBytes = mebibyte;

/** Why an archive cannot be taken as it stands. */
class Unfit extends Error {}

/**
 * Fetches the signed Release file of an archive and the indexes that it names. Only what the signature and its sums cover
 * is read (apt-secure(8)); a Release file that is older than the one known, or past its Valid-Until, counts for nothing.
 */
export async function lookAtArchive(archive: WatchedArchive, ports: FetchPorts): Promise<LookedAt> {
  try {
    return await look(archive, ports);
  } catch (error) {
    if (error instanceof Unfit || error instanceof EgressError || error instanceof ParseError) {
      return { status: 'failed', problem: error.message };
    }
    throw error;
  }
}

async function look(archive: WatchedArchive, ports: FetchPorts): Promise<LookedAt> {
  const folder = `${archive.uri}/dists/${archive.suite}`;
  const signed = await fetchRelease(folder, archive, ports);
  if (signed === null) {
    const validUntil = archive.release?.validUntil ?? null;
    if (validUntil !== null && Date.parse(validUntil) < ports.now.getTime()) throw expired(validUntil);
    return { status: 'unchanged' };
  }
  const release = parseRelease(signed.text, `${folder}/InRelease`);
  requireCurrent(release.fields, archive, ports.now);
  const indexes: ReadIndex[] = [];
  for (const component of archive.components) {
    for (const architecture of archive.architectures) {
      const address = { uri: archive.uri, suite: archive.suite, component, architecture };
      indexes.push(await readIndex(folder, address, release, ports));
    }
  }
  const { version, notAutomatic, butAutomaticUpgrades } = release;
  const traits = { version, notAutomatic, butAutomaticUpgrades };
  return { status: 'read', release: release.fields, traits, lastModified: signed.lastModified, indexes };
}

/** The text that somebody in the keyring signed; null when it has not changed since the last look. */
async function fetchRelease(
  folder: string,
  archive: WatchedArchive,
  { egress, checkSignature }: FetchPorts,
): Promise<{ text: string; lastModified: string | null } | null> {
  const options = {
    limitBytes: releaseLimitBytes,
    timeoutSeconds,
    ifModifiedSince: archive.lastModified ?? undefined,
  };
  const fetchText = async (name: string, conditional: boolean) =>
    await egress.fetch(
      new URL(`${folder}/${name}`),
      conditional ? options : { ...options, ifModifiedSince: undefined },
    );
  const { keyring } = archive;
  const inRelease = await fetchText('InRelease', true);
  if (inRelease.status === 'not-modified') return null;
  if (inRelease.status === 'fetched') {
    const { text, signature } = splitClearSigned(inRelease.body.toString('utf8'));
    const checked = await checkSignature({ content: Buffer.from(text), signature: Buffer.from(signature), keyring });
    if (!checked.isValid) throw new Unfit(`InRelease is not signed as it should be: ${checked.reason}.`);
    return { text: `${text}\n`, lastModified: inRelease.lastModified ?? null };
  }
  const release = await fetchText('Release', true);
  if (release.status === 'not-modified') return null;
  if (release.status === 'missing') throw new Unfit(`There is no Release file below ${folder}.`);
  const signature = await fetchText('Release.gpg', false);
  if (signature.status !== 'fetched') throw new Unfit('Its Release file is not signed.');
  const checked = await checkSignature({ content: release.body, signature: signature.body, keyring });
  if (!checked.isValid) throw new Unfit(`Release is not signed as it should be: ${checked.reason}.`);
  return { text: release.body.toString('utf8'), lastModified: release.lastModified ?? null };
}

function requireCurrent({ date, validUntil }: ReleaseFields, { release, suite }: WatchedArchive, now: Date): void {
  if (validUntil !== null && Date.parse(validUntil) < now.getTime()) throw expired(validUntil);
  const known = release?.date ?? null;
  if (known !== null && date !== null && Date.parse(date) < Date.parse(known)) {
    throw new Unfit(
      `Its Release file for ${suite} is of ${date}, older than the one of ${known} that was seen before.`,
    );
  }
}

function expired(validUntil: string): Unfit {
  return new Unfit(`Its Release file was valid until ${validUntil}.`);
}

/** Compressions in the order in which they are taken: what Node reads itself first. */
const compressions = ['.gz', '.xz', ''] as const;

async function readIndex(
  folder: string,
  address: ArchiveAddress,
  release: ReleaseFile,
  ports: FetchPorts,
): Promise<ReadIndex> {
  const path = `${address.component}/binary-${address.architecture}/Packages`;
  const plain = release.indexes.get(path);
  if (plain === undefined) {
    throw new Unfit(`Its Release file names no ${path}; are component and architecture spelled right?`);
  }
  if (plain.sizeBytes > indexLimitBytes) throw new Unfit(`${path} has ${plain.sizeBytes} bytes, too many to read.`);
  const key = archiveKey(address);
  const digest = `sha256:${plain.sha256}`;
  if (await ports.isKnown(key, digest)) return { archiveKey: key, address, digest, stanzas: null };
  const bytes = plain.sizeBytes === 0 ? Buffer.alloc(0) : await fetchIndex(folder, path, release, ports.egress);
  if (bytes.length !== plain.sizeBytes || sha256(bytes) !== plain.sha256) {
    throw new Unfit(`${path} is not what its Release file says (sum or size).`);
  }
  const stanzas: IndexStanza[] = [];
  for (const piece of cutPackagesIndex(bytes, pieceBytes)) {
    for (const stanza of readPackagesIndex(piece, everyName, path)) stanzas.push(stanza);
    // Others are served between two pieces.
    await setImmediate();
  }
  return { archiveKey: key, address, digest, stanzas };
}

async function fetchIndex(folder: string, path: string, release: ReleaseFile, egress: EgressClient): Promise<Buffer> {
  for (const compression of compressions) {
    const named = release.indexes.get(`${path}${compression}`);
    if (named === undefined) continue;
    const byHash = `${path.slice(0, path.lastIndexOf('/'))}/by-hash/SHA256/${named.sha256}`;
    for (const place of release.acquireByHash ? [byHash, `${path}${compression}`] : [`${path}${compression}`]) {
      const limitBytes = Math.min(named.sizeBytes, indexLimitBytes);
      const fetched = await egress.fetch(new URL(`${folder}/${place}`), { limitBytes, timeoutSeconds });
      if (fetched.status !== 'fetched') continue;
      if (fetched.body.length !== named.sizeBytes || sha256(fetched.body) !== named.sha256) {
        throw new Unfit(`${place} is not what its Release file says (sum or size).`);
      }
      return await unpack(fetched.body, compression, path);
    }
  }
  throw new Unfit(`${path} is named by its Release file and not there, in no compression.`);
}

const gunzipAsync = promisify(gunzip);

async function unpack(body: Buffer, compression: (typeof compressions)[number], path: string): Promise<Buffer> {
  if (compression === '') return body;
  if (compression === '.gz') {
    try {
      return await gunzipAsync(body, { maxOutputLength: indexLimitBytes });
    } catch (error) {
      throw new Unfit(`${path}.gz cannot be unpacked: ${error instanceof Error ? error.message : ''}.`, {
        cause: error,
      });
    }
  }
  const bounds = { input: body, limitBytes: indexLimitBytes, timeoutSeconds };
  const output = await runProgram(['xz', '--decompress', '--stdout'], bounds);
  if (output.exitCode === 0) return output.stdout;
  const why = output.exitCode === 127 ? 'the server has no program xz' : output.stderr.trim();
  throw new Unfit(`${path}.xz cannot be unpacked: ${why}.`);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
