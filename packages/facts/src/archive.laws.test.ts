import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ArchiveAddress, archiveKey, parseArchiveKey } from './archive.ts';

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

it('takes no address whose key it could not read back, whoever reports it', () => {
  const part = fc.oneof(
    word,
    fc.string({ maxLength: 4 }),
    fc.constantFrom('', ' ', 'a b', '\n', 'a\tb', '\u2028', '\u00a0'),
  );
  fc.assert(
    fc.property(fc.record({ uri: part, suite: part, component: part, architecture: part }), (given) => {
      if (ArchiveAddress.safeParse(given).success) expect(parseArchiveKey(archiveKey(given))).toEqual(given);
    }),
    { numRuns: 2000 },
  );
  const address = { uri: 'http://archive.example', suite: 'stable', component: 'main', architecture: 'amd64' };
  for (const odd of [{ uri: 'a\nb' }, { suite: ' ' }, { component: 'a b' }, { architecture: '\t' }]) {
    expect(ArchiveAddress.safeParse({ ...address, ...odd }).success).toBe(false);
  }
});

it('refuses what is no archive key', () => {
  expect(parseArchiveKey('http://archive.example stable')).toBeUndefined();
});
