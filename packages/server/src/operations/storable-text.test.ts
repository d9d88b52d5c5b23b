import { describe, expect, it } from 'vitest';
import { refuseUnstorable, storableText } from './storable-text.ts';

describe('what a database can store', () => {
  it.each([
    ['a NUL in a member', { comment: 'a\0b' }, 'comment'],
    ['half a surrogate pair in a list', { tags: [{ key: 'a' }, { key: '\ud83d' }] }, 'tags.1.key'],
    ['a NUL in the key of a map', { parameters: { 'a\0': [] } }, 'parameters'],
    ['a time before 4713 BC', { filters: [{ from: new Date('-004713-12-31T23:59:59Z') }] }, 'filters.0.from'],
  ])('is not %s', (_title, input, path) => {
    expect(() => refuseUnstorable(input)).toThrow(`Value at '${path}'`);
  });

  it('is anything else', () => {
    const when = [new Date(), new Date('-004712-01-01T00:00:00Z'), new Date('+275760-09-13T00:00:00Z')];
    expect(() => refuseUnstorable({ a: '😀\n\t\u0001', b: [1, null, true, when], c: undefined })).not.toThrow();
    expect(() => refuseUnstorable(null)).not.toThrow();
  });

  it('can be had from any text', () => {
    expect(storableText('a\0b\ud83dc😀')).toBe('a\ufffdb\ufffdc😀');
  });
});
