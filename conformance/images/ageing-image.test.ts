import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreatePatchBaselineCommand,
  RegisterPatchBaselineForPatchGroupCommand,
  UpdatePatchBaselineCommand,
} from '@aws-sdk/client-ssm';
import { collectFacts, openMachine } from '@patchbay/agent';
import {
  AddArchiveWatch,
  CompleteImageBuild,
  GetImageFreshness,
  ListImageNodes,
  RefreshArchiveWatch,
  RemoveArchiveWatch,
  SubmitFacts,
} from '@patchbay/contracts';
import { archiveKey, type NodeFacts } from '@patchbay/facts';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../packages/server/src/database/index.ts';
import { listWatches } from '../../packages/server/src/patchbay/archive-watches/repository.ts';
import { readArchiveContents } from '../../packages/server/src/patchbay/image-freshness/subjects.ts';
import { findOfferSource, makeOffers } from '../../packages/server/src/patchbay/image-freshness/watched-offers.ts';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import { enrolNode, submissionOf, type TestNode } from '../../packages/server/src/test-support/test-node.ts';
import { openPatcherStage, type PatcherStage } from '../patcher/patcher-stage.ts';
import { startOwnPostgres } from '../ssm/own-postgres.ts';
import { createDataFolder, type RealServer, startRealServer } from '../ssm/real-server.ts';
import { nativeArchitecture } from '../support/test-archive.ts';
import { growArchives, type HardCase, hardCases } from '../support/test-packages.ts';

const cases: readonly HardCase[] = Object.values(hardCases);
const patchGroup = 'images';
const approvalRules = {
  PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0, EnableNonSecurity: true }],
};

describe('an image of last week', () => {
  let stage: PatcherStage;
  let server: RealServer;
  let db: Database;
  let node: TestNode;
  let baselineId = '';
  const watchIds = new Map<string, string>();
  const image = { imageId: `img-${randomUUID()}`, leaseId: randomUUID() };
  const originId = `sha256:${'0a'.repeat(32)}`;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const folder = await createDataFolder();
    closing.push(() => folder.remove());
    const postgres = await startOwnPostgres(folder.data);
    db = postgres.db;
    closing.push(() => postgres.close());
    const started = await startRealServer(folder.data, postgres.databaseUrl, { egressAllow: ['127.0.0.1'] });
    server = started;
    closing.push(() => started.stop());
    stage = await openPatcherStage(cases);
    closing.push(() => stage.close());
    // What lies in apt's own files decides what apt would take, in the image as on a node.
    await stage.root.writeFile('/etc/apt/apt.conf.d/default', 'APT::Default-Release "bookworm-security";\n');
    await stage.root.writeFile(
      '/etc/apt/preferences.d/updates',
      'Package: pb-hidden\nPin: release n=bookworm-updates\nPin-Priority: 995\n',
    );
    node = await enrolNode(server);
    const { BaselineId = '' } = await server.ssm.send(
      new CreatePatchBaselineCommand({ Name: 'all', OperatingSystem: 'DEBIAN', ApprovalRules: approvalRules }),
    );
    baselineId = BaselineId;
    await server.ssm.send(
      new RegisterPatchBaselineForPatchGroupCommand({ BaselineId: baselineId, PatchGroup: patchGroup }),
    );
  });
  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
  });

  /** As a node's patcher would, with apt's own refresh. */
  async function collect(): Promise<NodeFacts> {
    const { folder, root } = stage;
    const machine = await openMachine({
      root: root.directory,
      workDirectory: join(folder, 'work'),
      access: 'read-only',
    });
    try {
      const cacheDirectory = join(folder, 'facts');
      const { facts } = await collectFacts({
        machine,
        cacheDirectory,
        stateFile: null,
        refresh: true,
        now: new Date(),
      });
      return facts;
    } finally {
      await machine.close();
    }
  }

  async function ask(name: string, input: object): Promise<unknown> {
    return readSuccess(await server.call(`Patchbay.${name}`, input, { service: 'patchbay' }));
  }

  const arn = () => `arn:aws:imagebuilder:us-east-1:${server.accountId}:image/aged/1.0.0/1`;
  const show = async () =>
    GetImageFreshness.output.parse(await ask('GetImageFreshness', { imageBuildVersionArn: arn() }));

  /** Nobody is told to look: whoever changed something has woken the control plane. */
  async function becomes(freshness: 'current' | 'stale' | 'unknown') {
    for (let looks = 0; looks < 100; looks += 1) {
      const shown = await show();
      if (shown.image.freshness === freshness && shown.image.evaluatedAt !== null) return shown;
      await sleep(100);
    }
    return await show();
  }

  const archives = () => Object.values(stage.archives.archives);

  async function watch(): Promise<void> {
    for (const archive of archives()) {
      const { watch: added } = AddArchiveWatch.output.parse(
        await ask('AddArchiveWatch', {
          uri: archive.uri,
          suite: archive.release.codename,
          components: ['main'],
          architectures: [nativeArchitecture],
          keyring: { content: Buffer.from(stage.archives.keyring).toString('base64') },
        }),
      );
      watchIds.set(archive.name, added.watchId);
    }
    await refresh();
  }

  async function refresh(): Promise<void> {
    for (const watchId of watchIds.values()) {
      const { watch: looked } = RefreshArchiveWatch.output.parse(await ask('RefreshArchiveWatch', { watchId }));
      expect(looked.problem).toBeNull();
    }
  }

  it('is unknown as long as nobody watches its archives', async () => {
    const facts = await collect();
    await insertBuild();
    const { factsId } = await node.patchbay(SubmitFacts, { ...submissionOf(facts), imageBuild: image });
    // Built a week ago.
    await sql`update node_facts set received_at = received_at - interval '7 days' where facts_id = ${factsId}`.execute(
      db,
    );
    const digest = `sha256:${'0'.repeat(64)}`;
    await node.patchbay(CompleteImageBuild, {
      ...image,
      outcome: {
        kind: 'available',
        factsId: factsId ?? '',
        osVersion: 'Debian GNU/Linux 12 (bookworm)',
        record: {
          digest,
          parent: { reference: 'debian-12-x86', digest, version: null },
          archives: [],
          tools: [],
          timestamp: new Date().toISOString(),
          originId,
          layers: [],
        },
        containers: [],
      },
    });
    const { image: summary, unknownReasons } = await becomes('unknown');
    expect(summary).toMatchObject({ freshness: 'unknown', isWatched: false, patchGroup });
    for (const archive of archives()) {
      const told = unknownReasons.find((reason) => reason.archive?.includes(archive.uri));
      expect(told?.message).toContain(`patchbay archive-watch add ${archive.uri} ${archive.release.codename} main`);
    }
  });

  it('is current once they are watched and have nothing newer', async () => {
    await watch();
    const { image: summary, faults } = await becomes('current');
    expect(faults).toEqual([]);
    expect(summary).toMatchObject({ freshness: 'current', isWatched: true, missingCount: 0 });
  });

  it('is offered exactly what apt in it would be offered with the same lists', async () => {
    await growArchives(stage.archives.archives, cases);
    await refresh();
    const { installed, policy, overlay, offers } = await collect();
    const { accountId } = server;
    const source = findOfferSource(offers.archives, await listWatches(db, accountId), new Date());
    if (source.kind !== 'watched') throw new Error(JSON.stringify(source.reasons));
    const keys = offers.archives.map(({ address }) => archiveKey(address));
    const names = installed.packages.map(({ name }) => name);
    const contents = await readArchiveContents(db, accountId, keys, names);
    const made = makeOffers(source.archives, installed, { policy, overlay }, contents);
    expect(made.archives).toEqual(offers.archives);
    expect(made.offers).toEqual(offers.offers);
    // The comparison is about something: priorities other than usual, and newer versions.
    expect(overlay.defaultRelease).toBe('bookworm-security');
    const priorities = new Set(made.offers.flatMap(({ versions }) => versions.map(({ pinPriority }) => pinPriority)));
    expect([...priorities]).toEqual(expect.arrayContaining([500, 990, 995]));
    expect(made.offers.filter(({ versions }) => versions.length > 1).length).toBeGreaterThan(10);
  });

  it('is stale today, with the evidence for every patch that it lacks', async () => {
    const { image: summary, faults, history } = await becomes('stale');
    expect(summary.freshness).toBe('stale');
    expect(summary.missingCount).toBe(faults.length);
    const epoch = faults.find(({ name }) => name === 'pb-epoch');
    const { security } = stage.archives.archives;
    expect(epoch).toMatchObject({
      state: 'missing',
      installedVersion: '9.0-1',
      targetVersion: '1:1.0-1',
      classification: 'Security',
      evidence: {
        approvedBy: 'rule 1',
        clock: { rung: 'first-seen', archive: `${security.uri} bookworm-security main ${nativeArchitecture}` },
      },
    });
    expect(faults.find(({ name }) => name === 'pb-held')).toMatchObject({ state: 'held' });
    expect(history.flatMap(({ from, to }) => (from === to ? [] : [[from, to]])).slice(0, 2)).toEqual([
      ['current', 'stale'],
      ['unknown', 'current'],
    ]);
  });

  it('is current again when its baseline rejects them', async () => {
    const { faults } = await show();
    const RejectedPatches = faults.map(({ name }) => name);
    await server.ssm.send(new UpdatePatchBaselineCommand({ BaselineId: baselineId, RejectedPatches }));
    const { image: summary, others } = await becomes('current');
    expect(summary).toMatchObject({ freshness: 'current', missingCount: 0, baselineRevision: 2 });
    expect(others.find(({ name }) => name === 'pb-epoch')).toMatchObject({ state: 'rejected' });
  });

  it('has the node that was made from it, which has drifted by what was installed there', async () => {
    const origin = { recipeArn: 'arn:aws:imagebuilder:us-east-1:111122223333:container-recipe/aged/1.0.0', originId };
    await stage.root.writeFile('/etc/patchbay/image', `${JSON.stringify(origin)}\n`);
    const nodes = async () =>
      ListImageNodes.output.parse(await ask('ListImageNodes', { imageBuildVersionArn: arn() })).nodes;
    const facts = await collect();
    expect(facts.overlay.image).toEqual(origin);
    await node.submitFacts(facts);
    expect(await nodes()).toMatchObject([{ instanceId: node.instanceId, isDrifted: false, differences: [] }]);
    await stage.root.install('pb-epoch=1:1.0-1');
    await node.submitFacts(await collect());
    expect(await nodes()).toMatchObject([
      {
        isDrifted: true,
        differences: [{ name: 'pb-epoch', change: 'changed', imageVersion: '9.0-1', nodeVersion: '1:1.0-1' }],
      },
    ]);
  });

  it('is unknown when one of them is not watched any more', async () => {
    const { security } = stage.archives.archives;
    await ask('RemoveArchiveWatch', RemoveArchiveWatch.input.parse({ watchId: watchIds.get(security.name) }));
    const { image: summary, unknownReasons } = await becomes('unknown');
    expect(summary).toMatchObject({ freshness: 'unknown', isWatched: false });
    expect(unknownReasons.filter(({ code }) => code === 'archive')).toMatchObject([
      { archive: `${security.uri} bookworm-security main ${nativeArchitecture}` },
    ]);
  });

  /** A build that the node holds, as a builder does in the midst of it. */
  async function insertBuild(): Promise<void> {
    const row = {
      imageId: image.imageId,
      accountId: server.accountId,
      region: 'us-east-1',
      arnName: 'aged',
      name: 'aged',
      version: '1.0.0',
      versionOrder: [1, 0, 0],
      buildNumber: 1,
      resourceId: 'aged/1.0.0/1',
      buildType: 'USER_INITIATED' as const,
      status: 'BUILDING' as const,
      reason: null,
      recipeArn: 'arn:aws:imagebuilder:us-east-1:111122223333:container-recipe/aged/1.0.0',
      originId,
      recipe: '{}',
      infrastructure: '{}',
      distribution: null,
      pipelineArn: null,
      pipelineName: null,
      request: '{}',
      patchGroup,
      buildOrder: JSON.stringify({ parent: { kind: 'reference', reference: 'registry.example/base:1' } }),
      dateCreated: new Date(),
    };
    await db.insertInto('images').values(row).execute();
    const leaseUntil = new Date(Date.now() + 600_000);
    const lease = { leaseId: image.leaseId, leaseInstanceId: node.instanceId, leaseUntil };
    await db.updateTable('images').set(lease).where('imageId', '=', image.imageId).execute();
  }
});
