import {
  CreatePatchBaselineCommand,
  type CreatePatchBaselineCommandInput,
  DescribeAvailablePatchesCommand,
  DescribeEffectivePatchesForPatchBaselineCommand,
  type EffectivePatch,
  type Patch,
  type PatchOrchestratorFilter,
  paginateDescribeAvailablePatches,
  paginateDescribeEffectivePatchesForPatchBaseline,
} from '@aws-sdk/client-ssm';
import type { IndexStanza } from '@patchbay/package-managers';
import { productOfArchive } from '@patchbay/patching';
import { beforeAll, describe, expect, it } from 'vitest';
import { insertWatch, replaceAvailablePackages, updateWatch } from '../../../patchbay/archive-watches/repository.ts';
import { observeIndex } from '../../../patchbay/facts/observe-index.ts';
import { withTestServer } from '../../../test-support/test-server.ts';

const noRelations = { depends: '', preDepends: '', recommends: '', breaks: '', conflicts: '', provides: '' };

function stanza(name: string, version: string, more: Partial<IndexStanza> = {}): IndexStanza {
  return {
    ...noRelations,
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
    ...more,
  };
}

describe('available patches', () => {
  const server = withTestServer();

  /** A watched archive as a refresh leaves it. */
  async function watch(
    suite: string,
    release: { origin: string; label: string; codename: string },
    stanzas: IndexStanza[],
  ) {
    const { database: db, accountId, dependencies } = server();
    const now = () => server().now();
    const watchId = dependencies.randomId();
    const uri = 'http://archive.test/debian';
    await insertWatch(db, {
      accountId,
      watchId,
      uri,
      suite,
      components: '["main"]',
      architectures: '["amd64"]',
      keyringName: 'uploaded',
      keyring: Buffer.alloc(1),
      operatingSystem: null,
      product: null,
      createdAt: now(),
    });
    const fields = { ...release, suite, date: null, validUntil: null };
    await updateWatch(db, watchId, { release: JSON.stringify(fields), ...productOfArchive(fields) });
    const observe = async (held: IndexStanza[]) => {
      await observeIndex(db, {
        accountId,
        observation: {
          address: { uri, suite, component: 'main', architecture: 'amd64' },
          status: 'current',
          reason: null,
          release: fields,
          indexDigest: `sha256:${held.length}`,
        },
        versions: held,
        observedBy: `archive-watch ${watchId}`,
        observedAt: now(),
      });
      const archive = { accountId, archiveKey: `${uri} ${suite} main amd64`, watchId };
      await replaceAvailablePackages(db, archive, held);
    };
    await observe(stanzas);
    return observe;
  }

  const main = Array.from({ length: 230 }, (_, index) => stanza(`lib${String(index).padStart(3, '0')}`, '1.0-1'));
  const old = stanza('openssl', '1:3.0.1-1', { section: 'utils', priority: 'important' });
  beforeAll(async () => {
    await watch('bookworm', { origin: 'Debian', label: 'Debian', codename: 'bookworm' }, main);
    const observe = await watch(
      'bookworm-security',
      { origin: 'Debian', label: 'Debian-Security', codename: 'bookworm-security' },
      [stanza('openssl', '1:3.0.0-1'), old],
    );
    server().advance({ hours: 1 });
    await observe([old, stanza('openssl', '1:3.0.2-1', { section: 'utils', priority: 'important' })]);
  });

  const ask = async (...Filters: PatchOrchestratorFilter[]): Promise<Patch[]> => {
    const pages = paginateDescribeAvailablePatches({ client: server().ssm, pageSize: 100 }, { Filters });
    const patches: Patch[] = [];
    for await (const { Patches } of pages) patches.push(...(Patches ?? []));
    return patches;
  };
  const filter = (Key: string, ...Values: string[]): PatchOrchestratorFilter => ({ Key, Values });
  const titles = (patches: readonly Patch[]) => patches.map(({ Title }) => Title);

  it('are what the watched archives offer now', async () => {
    const patches = await ask(filter('PRODUCT', 'Debian12'), filter('NAME', 'openssl'));
    expect(patches).toEqual([
      expect.objectContaining({ Title: 'openssl.amd64:1:3.0.1-1' }),
      {
        Title: 'openssl.amd64:1:3.0.2-1',
        Name: 'openssl',
        Epoch: 1,
        Version: '3.0.2',
        Release: '1',
        Arch: 'amd64',
        Product: 'Debian12',
        Vendor: 'Debian',
        Classification: 'Security',
        Severity: 'Important',
        Repository: 'bookworm-security/main',
        ContentUrl: 'http://archive.test/debian/pool/openssl_1:3.0.2-1.deb',
        ReleaseDate: server().now(),
      },
    ]);
    // It was there at the first look: nobody knows since when.
    expect(patches[0]?.ReleaseDate).toBeUndefined();
  });

  it('come in pages without a gap or a repetition', async () => {
    const every = await ask();
    expect(every).toHaveLength(232);
    expect(titles(every)).toEqual([...new Set(titles(every))].sort((left = '', right = '') => (left < right ? -1 : 1)));
    const { NextToken } = await server().ssm.send(new DescribeAvailablePatchesCommand({ MaxResults: 1 }));
    const foreign = new DescribeAvailablePatchesCommand({ NextToken, Filters: [filter('NAME', 'openssl')] });
    await expect(server().ssm.send(foreign)).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });

  it.each<[PatchOrchestratorFilter[], number]>([
    [[filter('PRODUCT', 'Debian11')], 0],
    [[filter('PRODUCT', 'Debian11', 'Debian12')], 232],
    [[filter('REPOSITORY', 'bookworm/main')], 230],
    [[filter('SECURITY', 'true')], 2],
    [[filter('SECURITY', 'False')], 230],
    [[filter('CLASSIFICATION', 'Security')], 2],
    [[filter('PRIORITY', 'Important')], 2],
    [[filter('SEVERITY', 'Important'), filter('PRIORITY', 'Optional')], 0],
    [[filter('SECTION', 'utils')], 2],
    [[filter('VERSION', '3.0.2')], 1],
    [[filter('VERSION', '1:3.0.2-1', '1.0-1')], 231],
    [[filter('EPOCH', '1'), filter('RELEASE', '1')], 2],
    [[filter('EPOCH', 'one')], 0],
    [[filter('ARCH', 'arm64')], 0],
    [[filter('CVE_ID', 'CVE-2026-1')], 0],
    [[filter('PATCH_SET', 'OS')], 0],
  ])('are left by %j: %d', async (filters, count) => {
    expect(await ask(...filters)).toHaveLength(count);
  });

  it.each<[PatchOrchestratorFilter[]]>([
    [[filter('COLOUR', 'red')]],
    [[filter('constructor', 'x')]],
    [[filter('NAME', 'a'), filter('NAME', 'b')]],
  ])('are not asked for by %j', async (Filters) => {
    await expect(server().ssm.send(new DescribeAvailablePatchesCommand({ Filters }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  const create = async (baseline: Partial<CreatePatchBaselineCommandInput>) => {
    const command = new CreatePatchBaselineCommand({ Name: 'effective', OperatingSystem: 'DEBIAN', ...baseline });
    return (await server().ssm.send(command)).BaselineId ?? '';
  };
  const effective = async (BaselineId: string) => {
    const pages = paginateDescribeEffectivePatchesForPatchBaseline(
      { client: server().ssm, pageSize: 7 },
      { BaselineId },
    );
    const patches: EffectivePatch[] = [];
    for await (const { EffectivePatches } of pages) patches.push(...(EffectivePatches ?? []));
    return patches;
  };

  it('are effective when a rule approves them, or will on a day', async () => {
    const baselineId = await create({
      ApprovalRules: {
        PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 7, ComplianceLevel: 'HIGH' }],
      },
    });
    const startedAt = new Date(server().now().getTime() - 3_600_000);
    expect(await effective(baselineId)).toEqual([
      {
        Patch: expect.objectContaining({ Title: 'openssl.amd64:1:3.0.1-1' }),
        PatchStatus: { DeploymentStatus: 'APPROVED', ComplianceLevel: 'HIGH', ApprovalDate: startedAt },
      },
      {
        Patch: expect.objectContaining({ Title: 'openssl.amd64:1:3.0.2-1' }),
        PatchStatus: {
          DeploymentStatus: 'PENDING_APPROVAL',
          ComplianceLevel: 'HIGH',
          ApprovalDate: new Date('2026-11-27T00:00:00.000Z'),
        },
      },
    ]);
  });

  it('are effective when they are named, over many pages', async () => {
    const baselineId = await create({
      ApprovedPatches: ['lib*'],
      ApprovedPatchesEnableNonSecurity: true,
      RejectedPatches: ['lib00*'],
    });
    const found = await effective(baselineId);
    expect(found).toHaveLength(230);
    const byStatus = Map.groupBy(found, ({ PatchStatus }) => PatchStatus?.DeploymentStatus);
    expect(byStatus.get('EXPLICIT_REJECTED')).toHaveLength(10);
    expect(byStatus.get('EXPLICIT_APPROVED')).toHaveLength(220);
  });

  it("of Windows are none, and those of systems that nobody watches are refused as AWS's are", async () => {
    const send = async (BaselineId: string) =>
      await server().ssm.send(new DescribeEffectivePatchesForPatchBaselineCommand({ BaselineId }));
    expect(await send(await create({ OperatingSystem: 'WINDOWS' }))).toMatchObject({ EffectivePatches: [] });
    await expect(send(await create({ OperatingSystem: 'UBUNTU' }))).rejects.toMatchObject({
      name: 'UnsupportedOperatingSystem',
    });
    await expect(send(await create({ OperatingSystem: 'SUSE' }))).rejects.toMatchObject({
      name: 'UnsupportedOperatingSystem',
    });
    await expect(send('pb-0123456789abcdef0')).rejects.toMatchObject({ name: 'DoesNotExistException' });
    await expect(send('no-baseline-has-this-id')).rejects.toMatchObject({ name: 'InvalidResourceId' });
  });
});
