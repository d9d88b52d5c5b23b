import { describe, expect, it } from 'vitest';
import { groupChanges, type RelatedPackage } from './change-groups.ts';
import { parseRelations, satisfies } from './relations.ts';

type Relations = Partial<
  Pick<RelatedPackage, 'depends' | 'preDepends' | 'recommends' | 'breaks' | 'conflicts' | 'provides'>
>;

function one(name: string, version: string, relations: Relations = {}): RelatedPackage {
  return {
    name,
    architecture: 'amd64',
    version,
    depends: '',
    preDepends: '',
    recommends: '',
    breaks: '',
    conflicts: '',
    provides: '',
    ...relations,
  };
}

function byKey(packages: readonly RelatedPackage[]): Map<string, RelatedPackage> {
  return new Map(packages.map((related) => [`${related.name}:${related.architecture}`, related]));
}

/** Groups as names; every incoming package is a change. */
function group(
  present: readonly RelatedPackage[],
  coming: readonly RelatedPackage[],
  removed: readonly string[] = [],
): string[] {
  const changes = [
    ...coming.map(({ name, architecture, version }) => ({ name, architecture, toVersion: version })),
    ...removed.map((name) => ({ name, architecture: 'amd64', toVersion: null })),
  ];
  return groupChanges(changes, byKey(present), byKey(coming)).map((list) => list.map(({ name }) => name).join('+'));
}

describe('groups of changes', () => {
  it.each<[string, RelatedPackage[], RelatedPackage[], string[]]>([
    ['unrelated changes stay apart', [one('a', '1'), one('b', '1')], [one('a', '2'), one('b', '2')], ['a', 'b']],
    [
      'a dependency that the present version satisfies joins nothing',
      [one('a', '1'), one('lib', '1')],
      [one('a', '2', { depends: 'lib (>= 1)' }), one('lib', '2')],
      ['a', 'lib'],
    ],
    [
      'a dependency on the new version joins',
      [one('a', '1'), one('lib', '1')],
      [one('a', '2', { preDepends: 'lib:any (>= 2~)' }), one('lib', '2')],
      ['a+lib'],
    ],
    [
      'a new package joins what needs it',
      [one('a', '1')],
      [one('a', '2', { depends: 'fresh' }), one('fresh', '1')],
      ['a+fresh'],
    ],
    [
      'a new package that is only recommended joins what recommends it',
      [one('a', '1'), one('lib', '1')],
      [one('a', '2', { recommends: 'fresh, lib (>= 2)' }), one('fresh', '1'), one('lib', '2')],
      ['a+fresh', 'lib'],
    ],
    [
      'an alternative that is there joins nothing',
      [one('a', '1'), one('other', '1')],
      [one('a', '2', { depends: 'fresh | other' }), one('fresh', '1')],
      ['a', 'fresh'],
    ],
    [
      'a break of the present version joins',
      [one('a', '1'), one('lib', '1')],
      [one('a', '2'), one('lib', '2', { breaks: 'a (<< 2)' })],
      ['a+lib'],
    ],
    [
      'a strict dependency of a present package on the old version joins its own change',
      [one('a', '1', { depends: 'lib (= 1)' }), one('lib', '1')],
      [one('a', '2', { depends: 'lib (>= 1)' }), one('lib', '2')],
      ['a+lib'],
    ],
    [
      'a versioned Provides satisfies, an unversioned one does not',
      [one('a', '1')],
      [
        one('a', '2', { depends: 'api (>= 3)' }),
        one('p', '1', { provides: 'api (= 3)' }),
        one('q', '1', { provides: 'api' }),
      ],
      ['a+p', 'q'],
    ],
    [
      'relations that cannot be read join everything',
      [one('a', '1'), one('b', '1')],
      [one('a', '2', { depends: 'lib (~ 2)' }), one('b', '2')],
      ['a+b'],
    ],
    [
      'a dependency on a version without an order joins everything',
      [one('a', '1'), one('b', '1')],
      [one('a', '2', { depends: 'lib (>= x)' }), one('b', '2')],
      ['a+b'],
    ],
    [
      'a present package that cannot be read joins everything',
      [one('a', '1'), one('b', '1'), one('c', '1', { depends: 'a (' })],
      [one('a', '2'), one('b', '2')],
      ['a+b'],
    ],
    [
      'chains are closed',
      [one('a', '1'), one('b', '1'), one('c', '1'), one('d', '1')],
      [one('a', '2', { depends: 'b (= 2)' }), one('b', '2'), one('c', '2', { depends: 'b (= 2)' }), one('d', '2')],
      ['a+b+c', 'd'],
    ],
  ])('%s', (_, present, coming, expected) => {
    expect(group(present, coming)).toEqual(expected);
  });

  it('joins the architectures of one package', () => {
    const twin = (version: string) => ({ ...one('lib', version), architecture: 'i386' });
    expect(group([one('a', '1'), one('lib', '1'), twin('1')], [one('lib', '2'), one('a', '2'), twin('2')])).toEqual([
      'lib+lib',
      'a',
    ]);
  });

  it('joins a removal with what takes its place', () => {
    const present = [one('old', '1'), one('user', '1', { depends: 'old' })];
    const coming = [one('new', '1', { conflicts: 'old' }), one('user', '2', { depends: 'new' })];
    expect(group(present, coming, ['old'])).toEqual(['new+user+old']);
  });

  it('takes a change whose stanza is missing for related to everything', () => {
    const changes = ['a', 'b'].map((name) => ({ name, architecture: 'amd64', toVersion: '2' }));
    expect(groupChanges(changes, new Map(), byKey([one('b', '2')]))).toEqual([changes]);
  });
});

describe('relations', () => {
  it.each([
    ['lib', '1', true],
    ['lib (>= 1)', '1', true],
    ['lib (>> 1)', '1', false],
    ['lib (<< 1)', '1~', true],
    ['lib (<= 1)', '1+b1', false],
    ['lib (= 1:1)', '1', false],
    ['lib (< 1)', '1', true],
    ['other', '1', false],
  ])('%s with lib %s: %s', (text, version, expected) => {
    const [clause] = parseRelations(text) ?? [];
    expect(clause?.some((relation) => satisfies({ name: 'lib', version, provides: [] }, relation))).toBe(expected);
  });

  it('has no form for rubbish', () => {
    expect(parseRelations('lib (>= 1')).toBeNull();
    expect(parseRelations('lib [amd64]')).toBeNull();
    expect(parseRelations('')).toEqual([]);
  });
});
