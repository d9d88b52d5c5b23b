import { createPublicKey, verify } from 'node:crypto';
import { findVersionScheme, maxVersion } from '@patchbay/versioning';
import type { PinnedKey } from '../authorization.ts';
import { UpdateError } from './update-error.ts';

/** One package of the agent that the release key vouches for. */
export interface ReleasedPackage {
  readonly fileName: string;
  readonly version: string;
  readonly architecture: string;
  readonly sha256: string;
}

const line =
  /^(?<sha256>[0-9a-f]{64}) [ *](?<fileName>patchbay-agent_(?<version>[0-9.]+)_(?<architecture>[a-z0-9]+)\.deb)$/;

/**
 * The packages that `SHA256SUMS` names, once the signature over its bytes is found to be the release key's. Lines of other
 * files are passed over: a later control plane may serve more than packages.
 *
 * @throws UpdateError NOT_SIGNED
 */
export function readReleaseIndex(checksums: Uint8Array, signature: string, key: PinnedKey): ReleasedPackage[] {
  if (!isSigned(checksums, signature, key)) {
    throw new UpdateError(
      'NOT_SIGNED',
      `The list of agent packages is not signed with the release key ${key.keyId} that this node pinned when it enrolled.`,
    );
  }
  return Buffer.from(checksums)
    .toString('utf8')
    .split('\n')
    .flatMap((text) => {
      const { sha256, fileName, version, architecture } = line.exec(text)?.groups ?? {};
      return sha256 && fileName && version && architecture ? [{ sha256, fileName, version, architecture }] : [];
    });
}

function isSigned(checksums: Uint8Array, signature: string, { publicKey }: PinnedKey): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  return verify(null, checksums, key, Buffer.from(signature, 'base64'));
}

export interface WantedVersion {
  readonly installed: string;
  /** Empty for the newest. */
  readonly version: string;
  readonly allowDowngrade: boolean;
  readonly architecture: string;
}

/** The package to install; null where that version is in place. @throws UpdateError NOT_SERVED, DOWNGRADE */
export function choosePackage(index: readonly ReleasedPackage[], wanted: WantedVersion): ReleasedPackage | null {
  const { installed, version, allowDowngrade, architecture } = wanted;
  const scheme = findVersionScheme('dpkg');
  const fitting = index.filter((each) => each.architecture === architecture);
  const target =
    version === ''
      ? maxVersion(
          scheme,
          fitting.map((each) => each.version),
        )
      : version;
  if (target === installed) return null;
  const found = fitting.find((each) => each.version === target);
  if (found === undefined) {
    throw new UpdateError(
      'NOT_SERVED',
      `The control plane serves no patchbay-agent ${version || 'package'} for ${architecture}; it has ${fitting.map((each) => each.version).join(', ') || 'none'}.`,
    );
  }
  if (!allowDowngrade && scheme.compare(found.version, installed) < 0) {
    throw new UpdateError(
      'DOWNGRADE',
      `${found.version} is older than the installed ${installed}: allow it with allowDowngrade=true.`,
    );
  }
  return found;
}
