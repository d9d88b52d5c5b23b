import type { EndOfSupport } from '@patchbay/facts';

/** Where Debian's package distro-info-data keeps the dates of a distribution, by the `ID` of os-release. */
export const distroInfoFiles: ReadonlyMap<string, string> = new Map([
  ['debian', '/usr/share/distro-info/debian.csv'],
  ['ubuntu', '/usr/share/distro-info/ubuntu.csv'],
]);

/**
 * The dates of one release in a file of distro-info-data (debian-distro-info(1)): a table with a heading line, in which
 * later columns may be missing. Null where the release is not there or has no end yet.
 */
export function parseDistroInfo(text: string, codename: string, source: string): EndOfSupport | null {
  const [heading = '', ...rows] = text.split(/\r?\n/);
  const columns = heading.split(',');
  const row = rows.map((line) => line.split(',')).find((fields) => fields[columns.indexOf('series')] === codename);
  const date = (name: string): string | null => {
    const field = row?.[columns.indexOf(name)] ?? '';
    return /^\d{4}-\d{2}-\d{2}$/.test(field) ? field : null;
  };
  const standard = date('eol');
  if (codename === '' || standard === null) return null;
  // Ubuntu's standard support once ended later for servers.
  const server = date('eol-server');
  return {
    standard: server !== null && server > standard ? server : standard,
    longTerm: date('eol-lts'),
    extended: date('eol-elts') ?? date('eol-esm'),
    source,
  };
}
