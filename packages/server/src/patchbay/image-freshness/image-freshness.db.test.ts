import {
  CreatePatchBaselineCommand,
  RegisterPatchBaselineForPatchGroupCommand,
  UpdatePatchBaselineCommand,
} from '@aws-sdk/client-ssm';
import { GetImageFreshness, ListImageFreshness, RemoveArchiveWatch } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { applyRetention } from '../../retention/apply-retention.ts';
import { defaultRetention } from '../../retention/retention-policy.ts';
import {
  installedPackage,
  mainArchive,
  sampleFacts,
  securityArchive,
  securityKey,
  securityOffer,
} from '../../test-support/sample-facts.ts';
import { readError, readSuccess } from '../../test-support/send-request.ts';
import { withTestServer } from '../../test-support/test-server.ts';
import {
  addTestImage,
  judgeImages,
  look,
  lookAtBoth,
  stanzaOf,
  type TestImage,
} from './image-freshness.test-support.ts';
import { missingApprovedPatches } from './missing-patches.ts';

describe('an image that ages', () => {
  const server = withTestServer();
  const openssl = (version: string) => stanzaOf('openssl', version);
  const current = sampleFacts({
    installed: [installedPackage('openssl', '3.0.1')],
    offers: [securityOffer('openssl', '3.0.1')],
  });
  let image: TestImage;
  let BaselineId = '';
  const approveAfter = (days: number) => ({
    PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: days }],
  });
  const ask = async (name: string, input: object) =>
    await server().call(`Patchbay.${name}`, input, { service: 'patchbay' });
  const show = async ({ imageBuildVersionArn }: TestImage) =>
    GetImageFreshness.output.parse(readSuccess(await ask('GetImageFreshness', { imageBuildVersionArn })));
  const list = async (input: object = {}) =>
    ListImageFreshness.output.parse(readSuccess(await ask('ListImageFreshness', input)));

  beforeAll(async () => {
    const created = await server().ssm.send(
      new CreatePatchBaselineCommand({ Name: 'images', OperatingSystem: 'DEBIAN', ApprovalRules: approveAfter(1) }),
    );
    BaselineId = created.BaselineId ?? '';
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: 'images' }));
    image = await addTestImage(server(), { name: 'web', facts: current, patchGroup: 'images' });
  });

  it('is unknown before anybody has looked at it', async () => {
    expect((await show(image)).image).toMatchObject({ freshness: 'unknown', evaluatedAt: null });
    expect((await list({ freshness: ['unknown'] })).images).toHaveLength(1);
  });

  it('is judged by what its build saw, as long as that is young, where its archives are not watched', async () => {
    expect(await judgeImages(server())).toBe(1);
    expect((await show(image)).image).toMatchObject({ freshness: 'current', isWatched: false, missingCount: 0 });
    expect(await judgeImages(server())).toBe(0);
    server().advance({ hours: 49 });
    expect(await judgeImages(server())).toBe(1);
    const { image: summary, unknownReasons, history } = await show(image);
    expect(summary.freshness).toBe('unknown');
    expect(unknownReasons.map(({ code }) => code)).toEqual(['archive', 'archive', 'stale-facts']);
    expect(unknownReasons.find(({ archive }) => archive === securityKey)?.message).toContain(
      'patchbay archive-watch add http://archive.test/debian-security bookworm-security main --architecture amd64',
    );
    expect(history.map(({ from, to }) => [from, to])).toEqual([
      ['current', 'unknown'],
      [null, 'current'],
    ]);
  });

  it('is current again as soon as its archives are watched and offer nothing new', async () => {
    await lookAtBoth(server(), [openssl('3.0.1')], [openssl('3.0.1')]);
    expect(await judgeImages(server())).toBe(1);
    expect((await show(image)).image).toMatchObject({
      freshness: 'current',
      isWatched: true,
      offersAsOf: server().now().toISOString(),
      since: server().now().toISOString(),
    });
  });

  it('is stale, with evidence, when an archive offers what its baseline approves', async () => {
    server().advance({ hours: 1 });
    await look(server(), securityArchive, { stanzas: [openssl('3.0.1'), openssl('3.0.2')] });
    expect(await judgeImages(server())).toBe(1);
    const waiting = await show(image);
    expect(waiting.image.freshness).toBe('current');
    expect(waiting.others).toMatchObject([
      { name: 'openssl', state: 'waiting', evidence: { clock: { rung: 'first-seen' } } },
    ]);
    const flipsAt = new Date(waiting.image.validUntil ?? '');
    server().setNow(new Date(flipsAt.getTime() - 1));
    expect(await judgeImages(server())).toBe(0);
    server().setNow(flipsAt);
    expect(await judgeImages(server())).toBe(1);
    const stale = await show(image);
    expect(stale.image).toMatchObject({
      freshness: 'stale',
      why: '1 approved patch is missing: openssl 3.0.1 → 3.0.2.',
      missingCount: 1,
      baselineId: BaselineId,
      since: server().now().toISOString(),
    });
    expect(stale.faults).toMatchObject([
      {
        name: 'openssl',
        state: 'missing',
        targetVersion: '3.0.2',
        classification: 'Security',
        evidence: {
          offered: [{ version: '3.0.2', archives: [securityKey], security: true }],
          clock: { rung: 'first-seen', archive: securityKey },
        },
      },
    ]);
    expect(stale.history[0]).toMatchObject({
      from: 'current',
      to: 'stale',
      patches: [{ name: 'openssl', installedVersion: '3.0.1', targetVersion: '3.0.2', state: 'missing' }],
    });
    await server().ssm.send(new UpdatePatchBaselineCommand({ BaselineId, RejectedPatches: ['openssl'] }));
    expect(await judgeImages(server())).toBe(1);
    expect(await show(image)).toMatchObject({
      image: { freshness: 'current', missingCount: 0 },
      faults: [],
      others: [{ name: 'openssl', state: 'rejected' }],
      history: [
        { from: 'stale', to: 'current', patches: [] },
        { to: 'stale', patches: [{ name: 'openssl' }] },
        {},
        {},
        {},
      ],
    });
    await server().ssm.send(new UpdatePatchBaselineCommand({ BaselineId, RejectedPatches: [] }));
    await judgeImages(server());
    expect((await show(image)).image.freshness).toBe('stale');
  });

  it('says at once what it lacks, for who decides whether to build', async () => {
    const { database: db, accountId } = server();
    const context = { db, accountId, region: 'us-east-1', now: server().now() };
    expect(await missingApprovedPatches(image.imageId, context)).toMatchObject({
      kind: 'known',
      patches: [{ name: 'openssl', targetVersion: '3.0.2' }],
    });
    expect(await missingApprovedPatches('img-none', context)).toMatchObject({ kind: 'unknown' });
  });

  it('shares its verdict with images of the same packages, sources and baseline', async () => {
    const digests = async () =>
      new Set(
        (await server().database.selectFrom('imageFreshness').select('verdictDigest').execute()).map(
          (row) => row.verdictDigest,
        ),
      );
    const before = await digests();
    const same = await addTestImage(server(), { name: 'same', facts: current, patchGroup: 'images' });
    const other = await addTestImage(server(), { name: 'other', facts: current, patchGroup: 'nobody' });
    await lookAtBoth(server(), [openssl('3.0.1')], [openssl('3.0.1'), openssl('3.0.2')]);
    await judgeImages(server());
    const shown = await Promise.all([image, same, other].map(show));
    expect(shown.map((each) => each.image.freshness)).toEqual(['stale', 'stale', 'stale']);
    expect(shown[0]?.faults).toEqual(shown[1]?.faults);
    expect(shown[2]?.image.baselineId).not.toBe(BaselineId);
    expect((await digests()).size).toBeLessThanOrEqual(before.size + 1);
    await server().database.deleteFrom('images').where('imageId', 'in', [same.imageId, other.imageId]).execute();
  });

  it('keeps what was read last while a look fails, and is unknown with the problem once that is too old', async () => {
    await look(server(), securityArchive, { problem: 'It is not signed as it should be.' });
    expect(await judgeImages(server())).toBe(1);
    expect((await show(image)).image.freshness).toBe('stale');
    server().advance({ hours: 50 });
    await judgeImages(server());
    const { image: summary, unknownReasons } = await show(image);
    expect(summary.freshness).toBe('unknown');
    expect(unknownReasons).toContainEqual(
      expect.objectContaining({ archive: securityKey, message: expect.stringContaining('not signed as it should be') }),
    );
  });

  it('is unknown at the instant at which the Release file of an archive ends to be valid', async () => {
    const validUntil = new Date(server().now().getTime() + 3_600_000).toISOString();
    await look(server(), mainArchive, { stanzas: [openssl('3.0.1')] });
    await look(server(), securityArchive, { stanzas: [openssl('3.0.1'), openssl('3.0.2')], validUntil });
    await judgeImages(server());
    expect((await show(image)).image.freshness).toBe('stale');
    server().advance({ hours: 1, seconds: 1 });
    expect(await judgeImages(server())).toBe(1);
    expect((await show(image)).unknownReasons).toMatchObject([{ code: 'archive', archive: securityKey }]);
    await look(server(), securityArchive, { stanzas: [openssl('3.0.1'), openssl('3.0.2')] });
    await judgeImages(server());
  });

  it('goes by its old observation again when a watch is removed', async () => {
    const watchId = await look(server(), securityArchive, { stanzas: [openssl('3.0.1'), openssl('3.0.2')] });
    RemoveArchiveWatch.output.parse(readSuccess(await ask('RemoveArchiveWatch', { watchId })));
    await judgeImages(server());
    const { image: summary, unknownReasons } = await show(image);
    expect(summary).toMatchObject({ freshness: 'unknown', isWatched: false });
    expect(unknownReasons.filter(({ code }) => code === 'archive')).toHaveLength(1);
  });

  it('is listed by name, freshness and newest build, page by page', async () => {
    await addTestImage(server(), { name: 'web', build: 2, facts: current });
    await addTestImage(server(), { name: 'db' });
    await addTestImage(server(), { name: 'api', status: 'BUILDING' });
    await judgeImages(server());
    const versions = ({ images }: Awaited<ReturnType<typeof list>>) =>
      images.map(({ name, version }) => `${name} ${version}`);
    expect(versions(await list())).toEqual(['db 1.0.0/1', 'web 1.0.0/2', 'web 1.0.0/1']);
    expect(versions(await list({ newestBuildOnly: true, names: ['web'] }))).toEqual(['web 1.0.0/2']);
    expect(versions(await list({ freshness: ['current'] }))).toEqual(['web 1.0.0/2']);
    expect((await list({ names: ['db'] })).images).toMatchObject([
      { freshness: 'unknown', evaluatedAt: expect.any(String) },
    ]);
    const first = await list({ maxResults: 2 });
    expect(versions(await list({ maxResults: 2, nextToken: first.nextToken }))).toEqual(['web 1.0.0/1']);
  });

  it('leaves its history for as long as verdicts are kept, and nothing once it is deleted', async () => {
    const { database: db } = server();
    const count = async (table: 'imageFreshness' | 'imageFreshnessChanges' | 'imageVerdicts' | 'imageVerdictItems') =>
      (await db.selectFrom(table).select(db.fn.countAll().as('count')).executeTakeFirstOrThrow()).count;
    const { history } = await show(image);
    expect(history.length).toBeGreaterThan(5);
    expect(Number(await count('imageVerdictItems'))).toBeGreaterThan(0);
    server().advance({ hours: 24 * 401 });
    await applyRetention(db, defaultRetention, server().now());
    expect((await show(image)).history).toEqual(history.slice(0, 1));
    expect(Number(await count('imageVerdicts'))).toBeGreaterThan(0);
    await db.deleteFrom('images').execute();
    await applyRetention(db, defaultRetention, server().now());
    for (const table of ['imageFreshness', 'imageFreshnessChanges', 'imageVerdicts', 'imageVerdictItems'] as const) {
      expect([table, Number(await count(table))]).toEqual([table, 0]);
    }
  });

  it('is not found under an ARN that names none', async () => {
    const none = image.imageBuildVersionArn.replace('web', 'none');
    const answer = async (imageBuildVersionArn: string) =>
      readError(await ask('GetImageFreshness', { imageBuildVersionArn })).code;
    expect(await answer(none)).toBe('DoesNotExistException');
    expect(await answer('arn:aws:nothing')).toBe('ValidationException');
  });
});
