import { randomUUID } from 'node:crypto';
import { type ArchiveObservation, archiveKey, type ImageOrigin, type NodeFacts } from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import type { IndexStanza } from '@patchbay/package-managers';
import { mainArchive, securityArchive } from '../../test-support/sample-facts.ts';
import { TEST_REGION, type TestServer } from '../../test-support/test-server.ts';
import { insertWatch, replaceAvailablePackages, updateWatch } from '../archive-watches/repository.ts';
import { observeIndex } from '../facts/observe-index.ts';
import { submitFacts } from '../facts/service.ts';
import { refreshImageFreshness } from './refresh.ts';

export interface TestImage {
  readonly imageId: string;
  readonly imageBuildVersionArn: string;
  readonly origin: ImageOrigin;
}

/** An available image as a builder leaves it, by default without facts. */
export async function addTestImage(
  server: TestServer,
  image: {
    readonly name: string;
    readonly build?: number;
    readonly patchGroup?: string;
    readonly facts?: NodeFacts;
    readonly status?: 'AVAILABLE' | 'BUILDING';
  },
): Promise<TestImage> {
  const { database: db, accountId, dependencies } = server;
  const { name, build = 1, patchGroup = null, facts, status = 'AVAILABLE' } = image;
  const now = server.now();
  const scope = { accountId, region: TEST_REGION };
  const imageId = `img-${randomUUID()}`;
  const factsId = facts && (await handIn(imageId, facts));
  const resourceId = `${name}/1.0.0/${build}`;
  const row = {
    ...scope,
    imageId,
    arnName: name,
    name,
    version: '1.0.0',
    versionOrder: [1, 0, 0],
    buildNumber: build,
    resourceId,
    buildType: 'USER_INITIATED' as const,
    status,
    reason: null,
    recipeArn: `arn:aws:imagebuilder:${TEST_REGION}:${accountId}:container-recipe/${name}/1.0.0`,
    recipe: '{}',
    infrastructure: '{}',
    distribution: null,
    pipelineArn: null,
    pipelineName: null,
    request: '{}',
    patchGroup,
    buildOrder: '{}',
    osVersion: 'Debian GNU/Linux 12 (bookworm)',
    factsId: factsId ?? null,
    dateCreated: now,
    originId: contentDigest(imageId),
  };
  await db.insertInto('images').values(row).execute();
  if (status === 'AVAILABLE') {
    await db.updateTable('images').set({ endedAt: now }).where('imageId', '=', imageId).execute();
  }
  const { recipeArn, originId } = row;
  const imageBuildVersionArn = `arn:aws:imagebuilder:${TEST_REGION}:${accountId}:image/${resourceId}`;
  return { imageId, imageBuildVersionArn, origin: { recipeArn, originId } };

  async function handIn(subject: string, given: NodeFacts): Promise<string> {
    const { installed, offers, policy, operatingSystem, overlay } = given;
    const unit = <Content>(content: Content) => ({ digest: contentDigest(content), content });
    const submission = { operatingSystem, overlay, doubts: [] };
    const units = { installed: unit(installed), offers: unit(offers), policy: unit(policy) };
    const answer = await submitFacts(subject, { ...submission, ...units }, { ...scope, db, now, dependencies });
    return answer.factsId ?? '';
  }
}

/** One version as an index has it. */
export function stanzaOf(name: string, version: string): IndexStanza {
  return {
    name,
    architecture: 'amd64',
    version,
    source: name,
    sourceVersion: version,
    section: 'libs',
    priority: 'optional',
    filename: `pool/${name}_${version}.deb`,
    sizeBytes: 1000,
    sha256: 'a'.repeat(64),
    phasedUpdatePercentage: null,
    depends: '',
    preDepends: '',
    recommends: '',
    breaks: '',
    conflicts: '',
    provides: '',
  };
}

const watchIds = new Map<ArchiveObservation, string>();

/** What a look of a watch at one of the sample archives would store. The first look begins the watch. */
export async function look(
  server: TestServer,
  archive: ArchiveObservation,
  content: { readonly stanzas: readonly IndexStanza[]; readonly validUntil?: string } | { readonly problem: string },
): Promise<string> {
  const { database: db, accountId } = server;
  const now = server.now();
  const { address } = archive;
  const known = watchIds.get(archive);
  const watchId = known ?? randomUUID();
  watchIds.set(archive, watchId);
  if (known === undefined) {
    await insertWatch(db, {
      accountId,
      watchId,
      uri: address.uri,
      suite: address.suite,
      components: JSON.stringify([address.component]),
      architectures: JSON.stringify([address.architecture]),
      keyringName: 'test',
      keyring: Buffer.from('test'),
      operatingSystem: 'DEBIAN',
      product: 'Debian12',
      createdAt: now,
    });
  }
  if ('problem' in content) {
    await updateWatch(db, watchId, { problem: content.problem });
    return watchId;
  }
  const { stanzas, validUntil = null } = content;
  const key = archiveKey(address);
  const indexDigest = `sha256:${contentDigest(stanzas)}`;
  const release = archive.release && { ...archive.release, validUntil };
  await observeIndex(db, {
    accountId,
    observation: { ...archive, release, indexDigest },
    versions: stanzas,
    observedBy: `archive-watch ${watchId}`,
    observedAt: now,
  });
  await replaceAvailablePackages(db, { accountId, archiveKey: key, watchId }, stanzas);
  await updateWatch(db, watchId, {
    problem: null,
    lastSuccessAt: now,
    release: JSON.stringify(release),
    releaseTraits: JSON.stringify({ version: '12', notAutomatic: false, butAutomaticUpgrades: false }),
    indexDigests: JSON.stringify({ [key]: indexDigest }),
  });
  return watchId;
}

/** Both sample archives. */
export async function lookAtBoth(
  server: TestServer,
  main: readonly IndexStanza[],
  security: readonly IndexStanza[],
): Promise<void> {
  await look(server, mainArchive, { stanzas: main });
  await look(server, securityArchive, { stanzas: security });
}

/** What the job does. */
export async function judgeImages(server: TestServer): Promise<number> {
  return await refreshImageFreshness(server.database, () => server.now());
}
