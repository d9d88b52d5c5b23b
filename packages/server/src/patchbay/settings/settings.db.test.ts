import { GetNodeVerdict, GetPatchSettings, PutPatchSettings } from '@patchbay/contracts';
import { describe, expect, it } from 'vitest';
import { mainArchive, sampleFacts, securityArchive, securityOffer } from '../../test-support/sample-facts.ts';
import { readError, readSuccess } from '../../test-support/send-request.ts';
import { enrolNode } from '../../test-support/test-node.ts';
import { withTestServer } from '../../test-support/test-server.ts';

describe('how an account judges', () => {
  const server = withTestServer();
  const ask = async (name: string, input: object) =>
    await server().call(`Patchbay.${name}`, input, { service: 'patchbay' });
  const get = async () => GetPatchSettings.output.parse(readSuccess(await ask('GetPatchSettings', {})));
  const put = async (settings: object, expectedRevision?: number) =>
    PutPatchSettings.output.parse(readSuccess(await ask('PutPatchSettings', { settings, expectedRevision })));
  const statusOf = async (instanceId: string) =>
    GetNodeVerdict.output.parse(readSuccess(await ask('GetNodeVerdict', { instanceId }))).verdict;

  it('is by default what the distributions say of themselves', async () => {
    const { settings, defaults, revision, changedAt } = await get();
    expect({ settings, revision, changedAt }).toEqual({ settings: defaults, revision: 0, changedAt: null });
    expect(settings.classification.security).toContainEqual({ origin: 'Debian', label: 'Debian-Security' });
  });

  it('can call the archives of a vendor archives of security updates, and verdicts follow at once', async () => {
    const node = await enrolNode(server());
    const vendor = {
      ...mainArchive,
      address: { uri: 'http://vendor.test/apt', suite: 'stable', component: 'main', architecture: 'amd64' },
      release: {
        ...securityArchive.release,
        origin: 'Vendor',
        label: 'Fixes',
        suite: 'stable',
        codename: 'stable',
        date: null,
        validUntil: null,
      },
    };
    const offer = securityOffer('openssl', '3.0.2', '3.0.1');
    const archives = [securityArchive, vendor];
    await node.submitFacts(sampleFacts({ archives, offers: [offer] }));
    expect((await statusOf(node.instanceId)).items).toMatchObject([{ state: 'excluded' }]);
    const { classification } = (await get()).settings;
    const security = [...classification.security, { origin: 'Vendor', label: 'Fixes' }];
    expect(await put({ classification: { ...classification, security } })).toMatchObject({ revision: 1 });
    expect((await statusOf(node.instanceId)).items).toMatchObject([{ state: 'missing', classification: 'Security' }]);
  });

  it('changes the members that are given, and only on the revision that was read', async () => {
    const before = await get();
    const after = await put({ verdictMaxAgeHours: 12 }, before.revision);
    expect(after).toEqual({
      settings: { ...before.settings, verdictMaxAgeHours: 12 },
      revision: before.revision + 1,
      changedAt: server().now().toISOString(),
    });
    const late = await ask('PutPatchSettings', {
      settings: { verdictMaxAgeHours: 9 },
      expectedRevision: before.revision,
    });
    expect(readError(late).code).toBe('ConflictException');
    expect((await get()).settings.verdictMaxAgeHours).toBe(12);
  });

  it.each([
    { verdictMaxAgeHours: 0 },
    { verdictMaxAge: 5 },
    { classification: { security: [{}], extendedSupport: [] } },
    { classification: { security: [{ onlyUnverified: true }], extendedSupport: [] } },
    { classification: { security: [{ orign: 'Debian' }], extendedSupport: [] } },
    { classification: { security: [] } },
  ])('is not changed to %j', async (settings) => {
    expect(readError(await ask('PutPatchSettings', { settings })).code).toBe('ValidationException');
  });
});
