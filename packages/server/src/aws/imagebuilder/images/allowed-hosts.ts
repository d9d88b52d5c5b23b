/**
 * What may be reached from inside an image by the tag of its recipe or its import, besides archives: hosts, parted by spaces
 * or commas. Builders say which of them are none.
 */
export function allowedHostsOf(tags: Readonly<Record<string, string>>): string[] {
  return (tags['patchbay:allowed-hosts'] ?? '').split(/[\s,]+/).filter((host) => host !== '');
}
