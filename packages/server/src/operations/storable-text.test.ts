import { describe, expect, it } from 'vitest';
import { refuseUnstorableText, storableText } from './storable-text.ts';

describe('text that a database can store', () => {
  it.each([
    ['a NUL in a member', { comment: 'a\0b' }, 'comment'],
    ['half a surrogate pair in a list', { tags: [{ key: 'a' }, { key: '\ud83d' }] }, 'tags.1.key'],
    ['a NUL in the key of a map', { parameters: { 'a\0': [] } }, 'parameters'],
  ])('is not %s', (_title, input, path) => {
    expect(() => refuseUnstorableText(input)).toThrow(`Value at '${path}'`);
  });

  it('is anything else', () => {
    const when = new Date();
    expect(() => refuseUnstorableText({ a: '😀\n\t\u0001', b: [1, null, true, when], c: undefined })).not.toThrow();
    expect(() => refuseUnstorableText(null)).not.toThrow();
  });

  it('can be had from any text', () => {
    expect(storableText('a\0b\ud83dc😀')).toBe('a\ufffdb\ufffdc😀');
  });
});
