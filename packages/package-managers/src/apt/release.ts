import type { ReleaseFields } from '@patchbay/facts';
import { malformed, parseControlFile } from './control-file.ts';

export interface ReleaseFile {
  readonly fields: ReleaseFields;
  /** `Version:`, which `release v=` pins compare with; empty where there is none. */
  readonly version: string;
  readonly notAutomatic: boolean;
  readonly butAutomaticUpgrades: boolean;
  /** Whether indexes can be fetched under their sums, so that they fit their Release file whatever is published meanwhile. */
  readonly acquireByHash: boolean;
  /** By path below the Release file: `main/binary-amd64/Packages`. */
  readonly indexes: ReadonlyMap<string, { readonly sha256: string; readonly sizeBytes: number }>;
}

/**
 * Reads an InRelease or Release file (https://wiki.debian.org/DebianRepository/Format). It does NOT check the
 * signature: read only files that apt has verified and kept in its lists directory.
 */
export function parseRelease(text: string, what = 'Release'): ReleaseFile {
  const [stanza, ...others] = parseControlFile(stripSignature(text), what);
  if (stanza === undefined) throw malformed(what, 1, 'the file is empty');
  if (others[0] !== undefined) throw malformed(what, others[0].line, 'there is more than one stanza');
  const field = (name: string): string => stanza.fields.get(name) ?? '';
  const date = (name: string): string | null => {
    const value = field(name);
    if (value === '') return null;
    const milliseconds = Date.parse(value.replace(/ UTC$/, ' GMT'));
    if (Number.isNaN(milliseconds)) throw malformed(what, stanza.line, `${name} ${JSON.stringify(value)} is no date`);
    return new Date(milliseconds).toISOString();
  };
  const indexes = new Map<string, { sha256: string; sizeBytes: number }>();
  for (const entry of field('sha256').split('\n')) {
    if (entry.trim() === '') continue;
    const match = /^([0-9a-f]{64})\s+(\d+)\s+(\S.*)$/.exec(entry);
    if (match === null) throw malformed(what, stanza.line, `SHA256 has the entry ${JSON.stringify(entry)}`);
    indexes.set(match[3] ?? '', { sha256: match[1] ?? '', sizeBytes: Number(match[2]) });
  }
  return {
    fields: {
      origin: field('origin'),
      label: field('label'),
      suite: field('suite'),
      codename: field('codename'),
      date: date('date'),
      validUntil: date('valid-until'),
    },
    version: field('version'),
    notAutomatic: isYes(field('notautomatic')),
    butAutomaticUpgrades: isYes(field('butautomaticupgrades')),
    acquireByHash: isYes(field('acquire-by-hash')),
    indexes,
  };
}

/** A clear-signed text taken apart: what was signed, with its dashes as they were, and the armored signature. */
export interface ClearSigned {
  readonly text: string;
  readonly signature: string;
}

/**
 * Takes an InRelease file apart, so that exactly the signed part is verified and read. RFC 9580, 7.2: blanks at the ends
 * of lines and the last line feed are not signed. Throws ParseError where anything stands outside of the two parts.
 */
export function splitClearSigned(inRelease: string): ClearSigned {
  const whole = inRelease.replaceAll('\r\n', '\n');
  const parts =
    /^-----BEGIN PGP SIGNED MESSAGE-----\n((?:[A-Za-z]+: [^\n]*\n)*)\n([^]*?\n)(-----BEGIN PGP SIGNATURE-----\n[^]*?\n-----END PGP SIGNATURE-----)\n*$/.exec(
      whole,
    );
  const [, , escaped, signature] = parts ?? [];
  if (escaped === undefined || signature === undefined) {
    throw malformed('InRelease', 1, 'it is no clear-signed text and nothing else');
  }
  const lines = escaped.slice(0, -1).split('\n');
  const stray = lines.findIndex((line) => line.startsWith('-') && !line.startsWith('- '));
  if (stray !== -1) throw malformed('InRelease', stray + 1, 'a line of the signed text begins with a dash');
  return {
    text: lines.map((line) => (line.startsWith('- ') ? line.slice(2) : line).replace(/[ \t]+$/, '')).join('\n'),
    signature: `${signature}\n`,
  };
}

/** RFC 9580, 7.2: the text runs from the blank line after the armor headers to the signature, dashes escaped. */
function stripSignature(text: string): string {
  if (!text.startsWith('-----BEGIN PGP SIGNED MESSAGE-----')) return text;
  const start = text.indexOf('\n\n') + 2;
  const end = text.indexOf('\n-----BEGIN PGP SIGNATURE-----');
  if (start === 1 || end < start) throw malformed('InRelease', 1, 'the clear-signed text is cut short');
  return text.slice(start, end + 1).replaceAll(/^- /gm, '');
}

function isYes(value: string): boolean {
  return /^(yes|true|with|on|enable|1)$/i.test(value);
}
