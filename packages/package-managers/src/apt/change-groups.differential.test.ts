import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Query } from '../query.ts';
import { archiveTargets } from './archives.ts';
import { groupChanges, type RelatedPackage } from './change-groups.ts';
import { packageKey, parseDpkgStatus } from './dpkg-status.ts';
import { type AptOptions, commandEnvironment, hostOptions } from './options.ts';
import { readPackagesIndex } from './packages-index.ts';
import { type AnnouncedChange, closure, simulate } from './simulation.ts';
import { catFileArgv } from './transaction.ts';

const cacheDirectory = mkdtempSync(join(tmpdir(), 'change-groups-'));
mkdirSync(join(cacheDirectory, 'archives/partial'), { recursive: true });
const options: AptOptions = { ...hostOptions, cacheDirectory };

function ask<Result>(query: Query<Result>): Result {
  const [program, ...argv] = query.argv;
  const { status, stdout, stderr } = spawnSync(program, argv, { encoding: 'utf8', env: { ...commandEnvironment } });
  return query.parse({ exitCode: status ?? 255, stdout: stdout ?? '', stderr: stderr ?? '' });
}

// On a machine without apt, lists or pending upgrades there is nothing to compare with.
const isAptInstalled = spawnSync('apt-get', ['--version']).status === 0;
const changes = isAptInstalled ? ask(closure(options)).changes : [];

describe.skipIf(changes.length === 0)("the groups of this machine's own upgrades", () => {
  afterAll(() => rmSync(cacheDirectory, { recursive: true, force: true }));

  it('are what apt changes when it is asked for one of them alone', { timeout: 120_000 }, () => {
    const names = new Set(changes.map(({ name }) => name));
    const stanzas = ask(archiveTargets(options)).flatMap(({ filename }) => {
      const [program, ...argv] = catFileArgv(filename);
      return readPackagesIndex(execFileSync(program, argv, { maxBuffer: 256 * 1024 * 1024 }), names);
    });
    const known = changes.map((change) => ({ ...change, architecture: change.architecture ?? '' }));
    const incoming = new Map<string, RelatedPackage>();
    for (const change of known) {
      const stanza = stanzas.find(({ name, version }) => name === change.name && version === change.toVersion);
      if (stanza !== undefined) incoming.set(packageKey(change), stanza);
    }
    const { relations } = parseDpkgStatus(readFileSync('/var/lib/dpkg/status'));
    const groups = groupChanges(known, relations, incoming);
    expect(groups.flat()).toHaveLength(changes.length);

    // The largest say most; apt takes half a second for each.
    const largest = groups.toSorted((left, right) => right.length - left.length).slice(0, 6);
    for (const group of largest) {
      const targets = group.map(({ name, architecture, toVersion }) => ({
        name,
        architecture,
        version: toVersion ?? '',
      }));
      const query = simulate(targets, options);
      const [program, ...argv] = query.argv;
      // What a package merely recommends belongs to no group.
      const answer = ask({ ...query, argv: [program, '--no-install-recommends', ...argv] });
      expect(answer.failures).toEqual([]);
      expect(describeChanges(answer.changes)).toEqual(describeChanges(group));
    }
  });
});

function describeChanges(list: readonly AnnouncedChange[]): string[] {
  return list
    .map(({ action, name, toVersion }) => `${action} ${name} ${toVersion}`)
    .toSorted((left, right) => (left < right ? -1 : 1));
}
