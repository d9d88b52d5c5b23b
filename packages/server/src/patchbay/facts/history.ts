import type { ChangelogEvidence, NodeFacts } from '@patchbay/facts';
import type { ReleaseHistory, ReleaseRecord } from '@patchbay/patching';
import type { Database } from '../../database/tables.ts';
import { type ChangelogDate, listChangelogDates } from './changelogs.ts';
import { listFirstSeen } from './repository.ts';

/** The source packages of which the archives have anything but what is installed. */
export function sourcesWithNews({ installed, offers }: Pick<NodeFacts, 'installed' | 'offers'>): Set<string> {
  const installedVersions = new Map(installed.packages.map((each) => [`${each.name}.${each.architecture}`, each]));
  const sources = new Set<string>();
  for (const offer of offers.offers) {
    const current = installedVersions.get(`${offer.name}.${offer.architecture}`);
    const isUpToDate = offer.versions.every((version) => version.version === current?.version);
    if (isUpToDate) continue;
    if (current) sources.add(current.source);
    for (const version of offer.versions) sources.add(version.source);
  }
  return sources;
}

/** What the approval clock recorded about the sources that a node could update. */
export async function readReleaseHistory(db: Database, accountId: string, facts: NodeFacts): Promise<ReleaseHistory> {
  return await readReleasesOf(db, accountId, [...sourcesWithNews(facts)]);
}

/** What it recorded about some source packages, in whichever archive. */
export async function readReleasesOf(
  db: Database,
  accountId: string,
  sources: readonly string[],
): Promise<ReleaseHistory> {
  const changelogs = new Map<string, ChangelogDate>();
  for (const row of await listChangelogDates(db, accountId, sources)) {
    changelogs.set(`${row.archiveKey}\n${row.source}\n${row.sourceVersion}`, row);
  }
  const records = new Map<string, ReleaseRecord[]>();
  for (const row of await listFirstSeen(db, accountId, sources)) {
    const key = `${row.archiveKey}\n${row.source}`;
    const { archiveKey, source, sourceVersion, rung, firstSeenAt } = row;
    const changelog = changelogs.get(`${key}\n${sourceVersion}`);
    const record: ReleaseRecord = {
      archiveKey,
      source,
      sourceVersion,
      rung,
      firstSeenAt: new Date(firstSeenAt).toISOString(),
      ...(changelog === undefined ? {} : { changelog: asEvidence(changelog) }),
    };
    const known = records.get(key);
    if (known === undefined) records.set(key, [record]);
    else known.push(record);
  }
  return (archiveKey, source) => records.get(`${archiveKey}\n${source}`) ?? [];
}

function asEvidence(row: ChangelogDate): ChangelogEvidence {
  const { sha256, dateLine, problem, readBy, readAt } = row;
  return { package: row.package, sha256, dateLine, problem, readBy, readAt: readAt.toISOString() };
}
