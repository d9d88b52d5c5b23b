import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArchiveObservation, archiveKey, type InstalledPackage } from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import type { IndexStanza } from '@patchbay/package-managers';
import { openDataDirectory } from '../packages/server/src/data-directory/index.ts';
import {
  createDatabase,
  createPool,
  ensurePartitions,
  migrateToLatest,
  migrations,
  startEmbeddedPostgres,
} from '../packages/server/src/database/index.ts';
import {
  insertWatch,
  replaceAvailablePackages,
  updateWatch,
} from '../packages/server/src/patchbay/archive-watches/repository.ts';
import { observeIndex } from '../packages/server/src/patchbay/facts/observe-index.ts';
import { refreshImageFreshness } from '../packages/server/src/patchbay/image-freshness/refresh.ts';

/**
 * Image records judged again after an archive changed: 10,000 images of 200 distinct installed sets of 100 to 200
 * packages, two watched archives, a durable embedded PostgreSQL. A quarter of the source packages get a newer version, so
 * that every set changes and nearly every image turns stale and gets a line of history.
 * Run: node bench/image-freshness.ts
 */
const imageCount = 10_000;
const setCount = 200;
const archivePackages = 1_500;
const accountId = '111122223333';
const region = 'us-east-1';
const otherArchivePackages = 60_000;

const now = new Date();
const folder = await mkdtemp(join(tmpdir(), 'patchbay-bench-'));
const dataDirectory = await openDataDirectory(join(folder, 'data'));
const postgres = await startEmbeddedPostgres({ dataDirectory, isDurable: true });
const db = createDatabase(createPool(postgres.connection));

const archives = ['bookworm', 'bookworm-security'].map(
  (suite): ArchiveObservation => ({
    address: { uri: `http://archive.example/${suite}`, suite, component: 'main', architecture: 'amd64' },
    status: 'current',
    reason: null,
    release: {
      origin: 'Debian',
      label: suite === 'bookworm' ? 'Debian' : 'Debian-Security',
      suite,
      codename: suite,
      date: null,
      validUntil: null,
    },
    indexDigest: `sha256:${suite}`,
  }),
);

function packageOf(index: number): InstalledPackage {
  const version = `1.${index % 7}.${index % 50}-1`;
  const source = `source-${index >> 1}`;
  return {
    name: `package-${index}`,
    architecture: 'amd64',
    version,
    source,
    sourceVersion: version,
    section: 'libs',
    priority: 'optional',
  };
}

function stanzaOf(each: InstalledPackage, version = each.version): IndexStanza {
  return {
    ...each,
    version,
    sourceVersion: version,
    filename: `pool/main/p/${each.name}_${version}_amd64.deb`,
    sizeBytes: 100_000,
    sha256: contentDigest([each.name, version]).slice(-64),
    phasedUpdatePercentage: null,
    depends: '',
    preDepends: '',
    recommends: '',
    breaks: '',
    conflicts: '',
    provides: '',
  };
}

const every = Array.from({ length: archivePackages }, (_, index) => packageOf(index));

async function look(archive: ArchiveObservation, stanzas: readonly IndexStanza[], at: Date): Promise<void> {
  const { address, release } = archive;
  const key = archiveKey(address);
  const found = await db
    .selectFrom('archiveWatches')
    .select('watchId')
    .where('suite', '=', address.suite)
    .executeTakeFirst();
  const watchId = found?.watchId ?? randomUUID();
  if (!found) {
    await insertWatch(db, {
      accountId,
      watchId,
      uri: address.uri,
      suite: address.suite,
      components: JSON.stringify(['main']),
      architectures: JSON.stringify(['amd64']),
      keyringName: 'bench',
      keyring: Buffer.from('bench'),
      operatingSystem: 'DEBIAN',
      product: 'Debian12',
      createdAt: at,
    });
  }
  const observedBy = `archive-watch ${watchId}`;
  await observeIndex(db, { accountId, observation: archive, versions: stanzas, observedBy, observedAt: at });
  await replaceAvailablePackages(db, { accountId, archiveKey: key, watchId }, stanzas);
  await updateWatch(db, watchId, {
    lastSuccessAt: at,
    release: JSON.stringify(release),
    releaseTraits: JSON.stringify({ version: '12', notAutomatic: false, butAutomaticUpgrades: false }),
    indexDigests: JSON.stringify({ [key]: `sha256:${contentDigest(stanzas)}` }),
  });
}

async function insertImages(): Promise<void> {
  const policy = { architecture: 'amd64', foreignArchitectures: [], holds: [], pins: [], automatic: [] };
  const policyDigest = contentDigest(policy);
  const unit = (content: object) => ({
    accountId,
    digest: contentDigest(content),
    content: JSON.stringify(content),
    firstReceivedAt: now,
  });
  await db.insertInto('nodePolicies').values(unit(policy)).execute();
  const sets: { readonly installedDigest: string; readonly offersDigest: string }[] = [];
  for (let set = 0; set < setCount; set += 1) {
    const count = 100 + ((set * 37) % 101);
    const packages = Array.from({ length: count }, (_, index) => every[(set * 13 + index * 7) % archivePackages])
      .filter((each) => each !== undefined)
      .sort((left, right) => (left.name < right.name ? -1 : 1));
    const installed = unit({ packages });
    const offers = unit({
      archives,
      offers: packages.map(({ name, architecture }) => ({ name, architecture, candidate: null, versions: [] })),
    });
    await db.insertInto('installedSets').values(installed).execute();
    await db.insertInto('offers').values(offers).execute();
    sets.push({ installedDigest: installed.digest, offersDigest: offers.digest });
  }
  const operatingSystem = JSON.stringify({
    id: 'debian',
    versionId: '12',
    codename: 'bookworm',
    prettyName: 'Debian GNU/Linux 12',
    operatingSystem: 'DEBIAN',
    product: 'Debian12',
  });
  const overlay = (agentClock: string) =>
    JSON.stringify({
      agentClock,
      bootId: '',
      machineIdHash: '',
      runningKernel: '',
      rebootReasons: [],
      pendingReboot: [],
      failures: [],
      unconfigured: [],
      phased: [],
    });
  for (let start = 0; start < imageCount; start += 500) {
    const numbers = Array.from({ length: 500 }, (_, index) => start + index);
    const images = numbers.map((number) => ({ number, imageId: `img-${randomUUID()}`, factsId: randomUUID() }));
    await db
      .insertInto('nodeFacts')
      .values(
        images.map(({ number, imageId, factsId }) => ({
          accountId,
          region,
          instanceId: imageId,
          factsId,
          receivedAt: new Date(now.getTime() - number),
          operatingSystem,
          overlay: overlay(new Date(number).toISOString()),
          doubts: '[]',
          ...(sets[number % setCount] ?? { installedDigest: '', offersDigest: '' }),
          policyDigest,
        })),
      )
      .execute();
    await db
      .insertInto('images')
      .values(
        images.map(({ number, imageId, factsId }) => ({
          imageId,
          accountId,
          region,
          arnName: `image-${number % 500}`,
          name: `image-${number % 500}`,
          version: '1.0.0',
          versionOrder: [1, 0, 0],
          buildNumber: Math.floor(number / 500) + 1,
          resourceId: `image-${number % 500}/1.0.0/${Math.floor(number / 500) + 1}`,
          buildType: 'SCHEDULED' as const,
          status: 'AVAILABLE' as const,
          reason: null,
          recipeArn: 'arn',
          recipe: '{}',
          infrastructure: '{}',
          distribution: null,
          pipelineArn: null,
          pipelineName: null,
          request: '{}',
          patchGroup: null,
          buildOrder: '{}',
          factsId,
          dateCreated: now,
        })),
      )
      .execute();
  }
}

async function count(freshness: 'current' | 'stale' | 'unknown'): Promise<number> {
  const found = await db.selectFrom('imageFreshness').select('imageId').where('freshness', '=', freshness).execute();
  return found.length;
}

async function judge(title: string, at: Date): Promise<void> {
  const start = performance.now();
  const judged = await refreshImageFreshness(db, () => at);
  const milliseconds = performance.now() - start;
  const [current, stale, unknown] = [await count('current'), await count('stale'), await count('unknown')];
  const findings = `${current} current, ${stale} stale, ${unknown} unknown`;
  console.log(`${title.padEnd(46)} ${milliseconds.toFixed(0).padStart(6)} ms  ${judged} judged: ${findings}`);
}

try {
  await migrateToLatest(db, migrations);
  await ensurePartitions(db, now);
  await insertImages();
  const [main, security] = archives;
  if (!main || !security) throw new Error('There are two archives');
  const others = Array.from({ length: otherArchivePackages }, (_, index) => ({
    ...packageOf(index),
    name: `other-${index}`,
  }));
  await look(
    main,
    [...every, ...others].map((each) => stanzaOf(each)),
    now,
  );
  await look(
    security,
    every.slice(0, 100).map((each) => stanzaOf(each)),
    now,
  );
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`);
  console.log(`${imageCount} images, ${setCount} installed sets`);
  await judge('for the first time', now);
  await judge('nothing changed', now);
  for (let round = 1; round <= 5; round += 1) {
    const at = new Date(now.getTime() + round * 60_000);
    const newer = every
      .filter((_, index) => index % 4 === 0)
      .map((each) => stanzaOf(each, `${each.version}+deb12u${round}`));
    await look(security, newer, at);
    await judge('after a change of an archive (aim: 2000 ms)', at);
  }
} finally {
  await db.destroy();
  await postgres.stop();
  await dataDirectory.close();
  await rm(folder, { recursive: true, force: true });
}
