import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { archiveKey, parseArchiveKey } from './archive.ts';

const word = fc.stringMatching(/^[a-z0-9./:_-]{1,12}$/);

it('reads every archive key back, those of discs, slashed components and flat archives included', () => {
  const address = fc.record({
    uri: fc.oneof(word, fc.constant('cdrom:[Debian GNU/Linux 12.1.0 _Bookworm_]/')),
    suite: word,
    component: fc.oneof(word, fc.constantFrom('', 'updates/main')),
    architecture: word,
  });
  fc.assert(
    fc.property(address, (given) => {
      expect(parseArchiveKey(archiveKey(given))).toEqual(given);
    }),
  );
});

it('refuses what is no archive key', () => {
  expect(parseArchiveKey('http://archive.example stable')).toBeUndefined();
});
