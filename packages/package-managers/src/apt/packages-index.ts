import {
  malformed,
  parseControlFile,
  type RelationTexts,
  readRelations,
  readSource,
  requireField,
} from './control-file.ts';

/** One version of one package as an archive offers it. */
export interface IndexStanza extends RelationTexts {
  readonly name: string;
  readonly architecture: string;
  readonly version: string;
  readonly source: string;
  readonly sourceVersion: string;
  readonly section: string;
  readonly priority: string;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly phasedUpdatePercentage: number | null;
}

const packageField = Buffer.from('Package: ');
const stanzaEnd = Buffer.from('\n\n');
const lineFeed = 10;
const carriageReturn = Buffer.from('\r');
const emptyLineOfOthers = Buffer.from('\n\r');

/** For readers of a whole index. */
export const everyName: Pick<ReadonlySet<string>, 'has'> = { has: () => true };

/** Cuts an index between stanzas, so that a large one can be read with pauses. */
export function cutPackagesIndex(bytes: Uint8Array, pieceBytes: number): Uint8Array[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < buffer.length; ) {
    const separator = start + pieceBytes >= buffer.length ? -1 : buffer.indexOf(stanzaEnd, start + pieceBytes);
    const end = separator === -1 ? buffer.length : separator + stanzaEnd.length;
    pieces.push(buffer.subarray(start, end));
    start = end;
  }
  return pieces;
}

/**
 * The stanzas of the wanted packages in an uncompressed Packages file, in its order. Only they are decoded, so the cost
 * is one pass over the bytes. Throws ParseError on a stanza without a package name, on a wanted one without its fields,
 * and where stanzas are parted by anything but an empty line: their packages would seem not to be offered.
 */
export function readPackagesIndex(
  bytes: Uint8Array,
  wantedNames: Pick<ReadonlySet<string>, 'has'>,
  what = 'Packages',
): IndexStanza[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Looking for two bytes takes ten times as long as for one, and hardly any index has that one.
  const foreignLine = buffer.includes(carriageReturn) ? buffer.indexOf(emptyLineOfOthers) : -1;
  if (foreignLine !== -1) {
    throw malformed(what, lineNumber(buffer, foreignLine + 1), 'the empty line ends in a carriage return');
  }
  const stanzas: IndexStanza[] = [];
  let start = 0;
  while (start < buffer.length) {
    if (buffer[start] === lineFeed) {
      start += 1;
      continue;
    }
    const separator = buffer.indexOf(stanzaEnd, start);
    const end = separator === -1 ? buffer.length : separator;
    if (wantedNames.has(readName(buffer, start, end, what))) {
      const text = buffer.toString('utf8', start, end);
      stanzas.push(readStanza(text, () => lineNumber(buffer, start), what));
    }
    start = end + 2;
  }
  return stanzas;
}

function readName(buffer: Buffer, start: number, end: number, what: string): string {
  let at = start;
  for (const byte of packageField) {
    if (buffer[at] !== byte) return readNameAnywhere(buffer, start, end, what);
    at += 1;
  }
  const nameEnd = buffer.indexOf(lineFeed, at);
  return buffer.toString('latin1', at, nameEnd === -1 || nameEnd > end ? end : nameEnd).trim();
}

/** Archives of others may put other fields first. */
function readNameAnywhere(buffer: Buffer, start: number, end: number, what: string): string {
  const match = /^Package:[ \t]*(\S+)/im.exec(buffer.toString('utf8', start, end));
  if (match?.[1] === undefined) throw malformed(what, lineNumber(buffer, start), 'the stanza has no field package');
  return match[1];
}

function lineNumber(buffer: Buffer, position: number): number {
  let line = 1;
  for (let at = buffer.indexOf(lineFeed); at !== -1 && at < position; at = buffer.indexOf(lineFeed, at + 1)) line += 1;
  return line;
}

function readStanza(text: string, firstLine: () => number, what: string): IndexStanza {
  try {
    return readFields(text, 1, what);
  } catch {
    // The line number costs a second pass, so it is only found once something is wrong.
    return readFields(text, firstLine(), what);
  }
}

function readFields(text: string, firstLine: number, what: string): IndexStanza {
  const [stanza, ...others] = parseControlFile(text, what, firstLine);
  if (stanza === undefined) throw malformed(what, firstLine, 'the stanza is empty');
  if (others[0] !== undefined) throw malformed(what, others[0].line, 'no empty line stands before the stanza');
  const name = requireField(stanza, 'package', what);
  const version = requireField(stanza, 'version', what);
  const phased = stanza.fields.get('phased-update-percentage');
  return {
    name,
    architecture: requireField(stanza, 'architecture', what),
    version,
    ...readSource(stanza, name, version, what),
    section: stanza.fields.get('section') ?? '',
    priority: stanza.fields.get('priority') ?? '',
    filename: requireField(stanza, 'filename', what),
    sizeBytes: readNumber(requireField(stanza, 'size', what), 'Size', stanza.line, what),
    // A flat archive may be made with other sums only; an empty one says that there is none.
    sha256: stanza.fields.get('sha256') ?? '',
    phasedUpdatePercentage:
      phased === undefined ? null : Math.min(readNumber(phased, 'Phased-Update-Percentage', stanza.line, what), 100),
    ...readRelations(stanza),
  };
}

function readNumber(text: string, field: string, line: number, what: string): number {
  if (!/^\d+$/.test(text)) throw malformed(what, line, `${field} ${JSON.stringify(text)} is no number`);
  return Number(text);
}
