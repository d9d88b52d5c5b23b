import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findVersionScheme } from '@patchbay/versioning';
import type { SigningKey } from '../secrets/index.ts';

/** One package of the agent that this control plane serves. */
export interface AgentPackage {
  readonly fileName: string;
  readonly path: string;
  readonly version: string;
  /** Debian's name: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly sizeBytes: number;
  /** Hex digits. */
  readonly sha256: string;
}

/** The key whose signature agents ask of a new version of themselves. */
export type ReleaseKey = Pick<SigningKey, 'keyId' | 'publicKey'>;

/** `SHA256SUMS` and the base64 of the Ed25519 signature over its bytes. */
export interface SignedChecksums {
  readonly text: string;
  readonly signature: string;
}

/** The packages in one directory, as they are at the moment of the question. */
export interface AgentPackages {
  /** Oldest version first. */
  list(): Promise<readonly AgentPackage[]>;
  /** The newest of an architecture. */
  findLatest(architecture: string): Promise<AgentPackage | null>;
  /** The newest of each architecture whose digest the release key vouches for. */
  listNewestSigned(): Promise<readonly AgentPackage[]>;
  readChecksums(): Promise<SignedChecksums>;
  readReleaseKey(): Promise<ReleaseKey>;
}

const packageName = /^patchbay-agent_(?<version>\d{1,6}(?:\.\d{1,6}){2,3})_(?<architecture>[a-z0-9]+)\.deb$/;

/** Names in the directory that hold a signature made elsewhere: then no key of this installation signs. */
export const signedElsewhere = {
  publicKey: 'release-key.pub',
  checksums: 'SHA256SUMS',
  signature: 'SHA256SUMS.sig',
} as const;

/**
 * Packages from a directory that may be missing or filled at any time. Checksums are signed with this installation's own
 * release key, unless the directory brings a public key and a signature made with a key that is kept elsewhere.
 */
export function openAgentPackages(directory: string, ownKey: SigningKey): AgentPackages {
  const known = new Map<string, { readonly state: string; readonly sha256: Promise<string> }>();

  const digestOnce = async (path: string): Promise<string> => {
    const { size, mtimeMs, ino } = await stat(path);
    const state = `${ino} ${size} ${mtimeMs}`;
    const before = known.get(path);
    const sha256 = before?.state === state ? before.sha256 : digestFile(path);
    known.set(path, { state, sha256 });
    return await sha256;
  };
  const list = async () => await listPackages(directory, digestOnce);
  const readForeignKey = async () => await readTextOrNull(join(directory, signedElsewhere.publicKey));

  const packages: AgentPackages = {
    list,
    async listNewestSigned() {
      const checksums = await packages.readChecksums();
      if (!isSigned(checksums, await packages.readReleaseKey())) return [];
      const lines = new Set(checksums.text.split('\n'));
      const signed = (await list()).filter((each) => lines.has(writeChecksums([each]).trimEnd()));
      return [...new Map(signed.map((each) => [each.architecture, each])).values()];
    },
    async findLatest(architecture) {
      return (await list()).findLast((each) => each.architecture === architecture) ?? null;
    },
    async readChecksums() {
      if ((await readForeignKey()) !== null) {
        const read = async (name: string) => (await readTextOrNull(join(directory, name))) ?? '';
        return {
          text: await read(signedElsewhere.checksums),
          signature: (await read(signedElsewhere.signature)).trim(),
        };
      }
      const text = writeChecksums(await list());
      return { text, signature: ownKey.sign(text) };
    },
    async readReleaseKey() {
      const foreign = await readForeignKey();
      if (foreign === null) return { keyId: ownKey.keyId, publicKey: ownKey.publicKey };
      const publicKey = foreign.trim();
      const digest = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex');
      return { keyId: digest.slice(0, 16), publicKey };
    },
  };
  return packages;
}

function isSigned({ text, signature }: SignedChecksums, { publicKey }: ReleaseKey): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
  } catch {
    // A file that holds no key at all signs nothing.
    return false;
  }
}

async function listPackages(
  directory: string,
  digest: (path: string) => Promise<string>,
): Promise<readonly AgentPackage[]> {
  const packages: AgentPackage[] = [];
  for (const fileName of await listNames(directory)) {
    const { version, architecture } = packageName.exec(fileName)?.groups ?? {};
    if (version === undefined || architecture === undefined) continue;
    const path = join(directory, fileName);
    packages.push({
      fileName,
      path,
      version,
      architecture,
      sizeBytes: (await stat(path)).size,
      sha256: await digest(path),
    });
  }
  return packages.sort(byVersion);
}

function byVersion(left: AgentPackage, right: AgentPackage): number {
  const order = findVersionScheme('dpkg').compare(left.version, right.version);
  return order === 0 ? left.fileName.localeCompare(right.fileName) : order;
}

/** In the form of sha256sum(1), so that `sha256sum -c` reads it. */
function writeChecksums(packages: readonly AgentPackage[]): string {
  return packages.map(({ fileName, sha256 }) => `${sha256}  ${fileName}\n`).join('');
}

/** The checksums of all packages in a directory, for whoever signs them elsewhere. */
export async function writeChecksumsOf(directory: string): Promise<string> {
  return writeChecksums(await listPackages(directory, digestFile));
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function listNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function readTextOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
