import type { FileEncoding } from '@patchbay/patching';

/** The bytes of a text, without a byte order mark. UTF-16 and UTF-32 alone mean little-endian (user guide, CreateFile). */
export function encodeText(text: string, encoding: FileEncoding): Buffer {
  if (encoding === 'utf8') return Buffer.from(text, 'utf8');
  const isBigEndian = encoding.endsWith('-BE');
  if (encoding.startsWith('utf16')) {
    const bytes = Buffer.from(text, 'utf16le');
    return isBigEndian ? bytes.swap16() : bytes;
  }
  const characters = Array.from(text);
  const bytes = Buffer.alloc(characters.length * 4);
  for (const [index, character] of characters.entries()) {
    const point = character.codePointAt(0) ?? 0;
    if (isBigEndian) bytes.writeUInt32BE(point, index * 4);
    else bytes.writeUInt32LE(point, index * 4);
  }
  return bytes;
}

/** The text of bytes, its byte order mark left out; null when they are no text of this encoding. */
export function decodeText(bytes: Buffer, encoding: FileEncoding): string | null {
  if (encoding.startsWith('utf32')) return decodeUtf32(bytes, encoding.endsWith('-BE'));
  const label = encoding === 'utf8' ? 'utf-8' : encoding.endsWith('-BE') ? 'utf-16be' : 'utf-16le';
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function decodeUtf32(bytes: Buffer, isBigEndian: boolean): string | null {
  if (bytes.length % 4 !== 0) return null;
  let text = '';
  for (let offset = 0; offset < bytes.length; offset += 4) {
    const point = isBigEndian ? bytes.readUInt32BE(offset) : bytes.readUInt32LE(offset);
    if (point > 0x10_ff_ff || (point >= 0xd8_00 && point < 0xe0_00)) return null;
    if (offset > 0 || point !== 0xfe_ff) text += String.fromCodePoint(point);
  }
  return text;
}
