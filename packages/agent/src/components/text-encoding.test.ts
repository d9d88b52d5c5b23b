import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText, encodeText } from './text-encoding.ts';

const encodings = ['utf8', 'utf16', 'utf16-LE', 'utf16-BE', 'utf32', 'utf32-LE', 'utf32-BE'] as const;

describe('encodings of files', () => {
  it('give back every text', () => {
    const texts = fc.string({ unit: 'binary' }).filter((text) => !text.startsWith('\uFEFF'));
    fc.assert(
      fc.property(texts, fc.constantFrom(...encodings), (text, encoding) => {
        expect(decodeText(encodeText(text, encoding), encoding)).toBe(text);
      }),
    );
  });

  it.each([
    ['utf16', 'ff fe 61 00', 'a'],
    ['utf16-BE', 'fe ff 00 61', 'a'],
    ['utf32', 'ff fe 00 00 61 00 00 00', 'a'],
    ['utf8', 'ef bb bf 61', 'a'],
    ['utf8', 'ff', null],
    ['utf16', '61', null],
    ['utf16', '00 d8', null],
    ['utf32', '61 00 00', null],
    ['utf32', '00 00 11 00', null],
    ['utf32', '00 d8 00 00', null],
  ] as const)('%s reads %s, a byte order mark left out', (encoding, bytes, text) => {
    expect(decodeText(Buffer.from(bytes.replaceAll(' ', ''), 'hex'), encoding)).toBe(text);
  });
});
