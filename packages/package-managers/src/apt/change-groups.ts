import type { PackageName } from '@patchbay/facts';
import type { RelationTexts } from './control-file.ts';
import { packageKey } from './dpkg-status.ts';
import { type Provider, parseRelations, type Relation, satisfies } from './relations.ts';

/** A package at one version, with the relations of that version. */
export interface RelatedPackage extends PackageName, RelationTexts {
  readonly version: string;
}

/** One change: what goes (null for a new package) and what comes (null for a removal). */
export interface GroupableChange extends PackageName {
  readonly toVersion: string | null;
}

interface Package extends Provider {
  readonly key: string;
  readonly depends: Relation[][];
  readonly recommends: Relation[][];
  readonly conflicts: Relation[][];
  readonly isReadable: boolean;
}

/**
 * Splits changes into groups, each of which can be carried out without the others. Two changes belong together when
 * either new version needs the other one (a clause that the machine does not satisfy as it is), when the new version
 * of one breaks the present version of the other, or when a present package that depends on the old version of one
 * changes too, and the architectures of one package. A package that is new and only recommended belongs with what recommends it: nothing else brings it. A version whose relations cannot be read joins everything: a group too large is safe, one too small not.
 */
export function groupChanges<Change extends GroupableChange>(
  changes: readonly Change[],
  installed: ReadonlyMap<string, RelatedPackage>,
  incoming: ReadonlyMap<string, RelatedPackage>,
): Change[][] {
  const before = new Map([...installed].map(([key, one]) => [key, readPackage(key, one)]));
  const keys = changes.map((change) => packageKey(change));
  const old = keys.map((key) => before.get(key) ?? null);
  const next = changes.map((change, index) => {
    const coming = change.toVersion === null ? undefined : incoming.get(keys[index] ?? '');
    return coming === undefined ? null : readPackage(keys[index] ?? '', coming);
  });
  const groups = makeUnion(changes.length);
  const presentByName = indexByName([...before.values()]);
  const changesByName = indexByName(
    changes.map((_, index) => index),
    (index) => [old[index], next[index]],
  );

  for (const [index, change] of changes.entries()) {
    const coming = next[index] ?? null;
    const isUnreadable = coming?.isReadable === false || (change.toVersion !== null && coming === null);
    if (isUnreadable) for (const other of changes.keys()) groups.join(index, other);
    if (coming !== null) joinNeeds(index, coming);
  }
  // Multi-Arch "same" (deb-control(5)): dpkg wants the architectures of such a package at one version.
  const firstByName = new Map<string, number>();
  for (const [index, { name }] of changes.entries()) {
    const first = firstByName.get(name);
    if (first === undefined) firstByName.set(name, index);
    else groups.join(first, index);
  }
  for (const present of before.values()) {
    if (present.isReadable) joinDependents(present);
    else for (const index of changes.keys()) groups.join(0, index);
  }
  return groups.lists().map((list) => list.flatMap((index) => changes[index] ?? []));

  function related(name: string): number[] {
    return changesByName.get(name) ?? [];
  }

  function joinNeeds(index: number, coming: Package): void {
    for (const clause of coming.depends) {
      const isSatisfied = clause.some((relation) =>
        (presentByName.get(relation.name) ?? []).some(
          (present) => present.key !== coming.key && satisfies(present, relation),
        ),
      );
      if (isSatisfied) {
        // Satisfied today by a package that itself changes and would no longer do: the two have to meet.
        joinWhere(
          index,
          clause,
          (other) =>
            clause.some((relation) => satisfiesOne(old[other], relation)) &&
            !clause.some((relation) => satisfiesOne(next[other], relation)),
        );
      } else joinWhere(index, clause, (other) => clause.some((relation) => satisfiesOne(next[other], relation)));
    }
    for (const clause of coming.recommends) {
      joinWhere(
        index,
        clause,
        (other) => old[other] === null && clause.some((relation) => satisfiesOne(next[other], relation)),
      );
    }
    for (const clause of coming.conflicts) {
      joinWhere(index, clause, (other) => clause.some((relation) => satisfiesOne(old[other], relation)));
    }
  }

  function joinWhere(index: number, clause: readonly Relation[], isRelated: (other: number) => boolean): void {
    for (const relation of clause) {
      for (const other of related(relation.name)) if (other !== index && isRelated(other)) groups.join(index, other);
    }
  }

  /** What a present package needs of old versions: all changes that touch such a clause, and its own change, go together. */
  function joinDependents(present: Package): void {
    const own = keys.indexOf(present.key);
    for (const clause of present.depends) {
      const touched = clause.flatMap((relation) =>
        related(relation.name).filter(
          (other) => satisfiesOne(old[other], relation) && !clause.some((one) => satisfiesOne(next[other], one)),
        ),
      );
      for (const other of touched) {
        if (own !== -1) groups.join(own, other);
        for (const second of touched) groups.join(other, second);
      }
    }
    for (const clause of present.conflicts) {
      if (own === -1) continue;
      joinWhere(own, clause, (other) => clause.some((relation) => satisfiesOne(next[other], relation)));
    }
  }
}

function satisfiesOne(provider: Provider | null | undefined, relation: Relation): boolean {
  return provider !== null && provider !== undefined && satisfies(provider, relation);
}

function readPackage(key: string, related: RelatedPackage): Package {
  const depends = parseRelations(`${related.preDepends},${related.depends}`);
  const recommends = parseRelations(related.recommends);
  const conflicts = parseRelations(`${related.breaks},${related.conflicts}`);
  const provides = parseRelations(related.provides);
  return {
    key,
    name: related.name,
    version: related.version,
    depends: depends ?? [],
    recommends: recommends ?? [],
    // Debian policy 7.4: a package never conflicts with itself, also not through what it provides.
    conflicts: conflicts ?? [],
    provides: (provides ?? []).flat(),
    isReadable: depends !== null && recommends !== null && conflicts !== null && provides !== null,
  };
}

function indexByName<Entry extends Package | number>(
  entries: readonly Entry[],
  packagesOf: (entry: Entry) => readonly (Package | null | undefined)[] = (entry) =>
    typeof entry === 'number' ? [] : [entry],
): Map<string, Entry[]> {
  const byName = new Map<string, Entry[]>();
  for (const entry of entries) {
    const names = new Set(
      packagesOf(entry).flatMap((one) => (one ? [one.name, ...one.provides.map(({ name }) => name)] : [])),
    );
    for (const name of names) byName.set(name, [...(byName.get(name) ?? []), entry]);
  }
  return byName;
}

function makeUnion(size: number): { join(left: number, right: number): void; lists(): number[][] } {
  const parents = Array.from({ length: size }, (_, index) => index);
  const find = (index: number): number => {
    let root = index;
    while (parents[root] !== root) root = parents[root] ?? root;
    parents[index] = root;
    return root;
  };
  return {
    join(left, right) {
      const [leftRoot, rightRoot] = [find(left), find(right)];
      // The smaller index leads, so that groups keep the order of their first change.
      parents[Math.max(leftRoot, rightRoot)] = Math.min(leftRoot, rightRoot);
    },
    lists() {
      const lists = new Map<number, number[]>();
      for (const index of parents.keys()) lists.set(find(index), [...(lists.get(find(index)) ?? []), index]);
      return [...lists.values()];
    },
  };
}
