import type { InstalledPackage, OperatingSystemFacts } from '@patchbay/facts';
import type { BillSubject } from './bill-contents.ts';

/**
 * The package URL of an installed Debian package (https://github.com/package-url/purl-spec, types/deb-definition.json):
 * the vendor and the name in lower case.
 */
export function packageUrlOf(
  { id, versionId }: Pick<OperatingSystemFacts, 'id' | 'versionId'>,
  { name, version, architecture }: Pick<InstalledPackage, 'name' | 'version' | 'architecture'>,
): string {
  // The vendor is required, and os-release(5) has "linux" where none is named.
  const vendor = id === '' ? 'linux' : id;
  const distribution = versionId === '' ? vendor : `${vendor}-${versionId}`;
  const qualifiers = `arch=${encode(architecture)}&distro=${encode(distribution)}`;
  return `pkg:deb/${encode(vendor.toLowerCase())}/${encode(name.toLowerCase())}@${encode(version)}?${qualifiers}`;
}

/**
 * The package URL of an image (types/oci-definition.json): the last part of the repository's name in lower case, the
 * digest as the version, and the whole name as the place to fetch it from. Null for what is no image.
 */
export function imageUrlOf({ name, digest }: BillSubject): string | null {
  if (digest === null) return null;
  const url = `pkg:oci/${encode(name.slice(name.lastIndexOf('/') + 1).toLowerCase())}@${encode(digest)}`;
  return name.includes('/') ? `${url}?repository_url=${encode(name)}` : url;
}

/**
 * "Character encoding" of the purl specification: letters, digits, `.-_~` and the colon stay, all else is
 * percent-encoded, `+` too (tests/types/deb-test.json: `attr@1:2.4.47-2%2Bb1`). packageurl-js 2.0.1 leaves `+!'()*` in
 * versions and encodes `~` and `:` in qualifiers, so it is not used here.
 */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('%3A', ':')
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
