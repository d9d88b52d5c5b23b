import { CreatePatchBaselineCommand, RegisterPatchBaselineForPatchGroupCommand } from '@aws-sdk/client-ssm';
import { GetNodeVerdict, PutPatchSettings } from '@patchbay/contracts';
import type { NodeFacts, Verdict } from '@patchbay/facts';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { installedPackage, sampleFacts, securityArchive, securityOffer } from '../../test-support/sample-facts.ts';
import { readSuccess } from '../../test-support/send-request.ts';
import { enrolNode } from '../../test-support/test-node.ts';
import { withTestServer } from '../../test-support/test-server.ts';
import { pruneVerdicts } from './repository.ts';

describe('verdicts that equal facts share', () => {
  const server = withTestServer();
  const verdictOf = async (instanceId: string, baselineId?: string): Promise<Verdict> => {
    const answer = await server().call('Patchbay.GetNodeVerdict', { instanceId, baselineId }, { service: 'patchbay' });
    return GetNodeVerdict.output.parse(readSuccess(answer)).verdict;
  };
  const enrol = async (facts: NodeFacts) => {
    const node = await enrolNode(server());
    await node.submitFacts(facts);
    return node;
  };
  const rows = async () => await server().database.selectFrom('verdictCache').selectAll().execute();
  /** Marks what is kept, so that an answer shows whether it came from there. */
  const markKept = async () => {
    await sql`update verdict_cache set content = jsonb_set(content, '{items,0,reason}', '"kept"')`.execute(
      server().database,
    );
  };
  const reasonOf = ({ items }: Verdict) => items[0]?.reason;
  const factsOf = (name: string) =>
    sampleFacts({ installed: [installedPackage(name, '1')], offers: [securityOffer(name, '2', '1')] });

  it('are evaluated once, whichever node asks, and each node has its own age of facts', async () => {
    const facts = factsOf('shared');
    const first = await enrol(facts);
    const before = await verdictOf(first.instanceId);
    expect(await rows()).toHaveLength(1);
    await markKept();
    server().advance({ hours: 2 });
    const second = await enrol(facts);
    const after = await verdictOf(second.instanceId);
    expect(reasonOf(after)).toBe('kept');
    expect(after.evaluatedAt).toBe(server().now().toISOString());
    expect(Date.parse(after.validUntil ?? '') - Date.parse(before.validUntil ?? '')).toBe(2 * 3_600_000);
    server().advance({ hours: 47 });
    expect(await verdictOf(first.instanceId)).toMatchObject({
      status: 'unknown',
      unknownReasons: [{ code: 'stale-facts' }],
    });
    expect((await verdictOf(second.instanceId)).status).toBe('non-compliant');
    expect(await rows()).toHaveLength(1);
  });

  it.each<[string, (node: { instanceId: string }) => Promise<unknown>]>([
    ['new evidence', async () => await enrol(factsOf('news'))],
    [
      'other settings',
      async () => {
        const answer = await server().call(
          'Patchbay.PutPatchSettings',
          { settings: { verdictMaxAgeHours: 47 } },
          { service: 'patchbay' },
        );
        PutPatchSettings.output.parse(readSuccess(answer));
      },
    ],
  ])('are evaluated anew after %s', async (title, change) => {
    const node = await enrol(factsOf(title.replaceAll(' ', '-')));
    const before = await verdictOf(node.instanceId);
    await markKept();
    expect(reasonOf(await verdictOf(node.instanceId))).toBe('kept');
    await change(node);
    expect(reasonOf(await verdictOf(node.instanceId))).toBe(reasonOf(before));
  });

  it('are kept for each baseline, and for what the node itself adds', async () => {
    const { BaselineId = '' } = await server().ssm.send(
      new CreatePatchBaselineCommand({ Name: 'other', OperatingSystem: 'DEBIAN', RejectedPatches: ['many'] }),
    );
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: 'other' }));
    const facts = factsOf('many');
    const node = await enrol(facts);
    const count = (await rows()).length;
    expect((await verdictOf(node.instanceId)).items).toMatchObject([{ state: 'missing' }]);
    expect((await verdictOf(node.instanceId, BaselineId)).items).toMatchObject([{ state: 'rejected' }]);
    const failure = { name: 'many', architecture: 'amd64', version: '2', reason: 'postinst' };
    const failed = await enrol({ ...facts, overlay: { ...facts.overlay, failures: [failure] } });
    expect((await verdictOf(failed.instanceId)).items).toMatchObject([{ state: 'failed' }]);
    expect(await rows()).toHaveLength(count + 3);
  });

  it('end at the instant at which a delay does', async () => {
    const { BaselineId = '' } = await server().ssm.send(
      new CreatePatchBaselineCommand({
        Name: 'delay',
        OperatingSystem: 'DEBIAN',
        ApprovalRules: { PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 1 }] },
      }),
    );
    const before = sampleFacts({ installed: [installedPackage('late', '1')], offers: [securityOffer('late', '1')] });
    const node = await enrol(before);
    server().advance({ minutes: 10 });
    await node.submitFacts(factsOf('late'));
    const waiting = await verdictOf(node.instanceId, BaselineId);
    expect(waiting.items).toMatchObject([{ state: 'waiting' }]);
    const flips = new Date(waiting.validUntil ?? '');
    server().setNow(new Date(flips.getTime() - 1));
    expect((await verdictOf(node.instanceId, BaselineId)).items).toMatchObject([{ state: 'waiting' }]);
    server().setNow(flips);
    expect((await verdictOf(node.instanceId, BaselineId)).items).toMatchObject([{ state: 'missing' }]);
  });

  it('are not kept while an archive is in doubt', async () => {
    const faulty = { ...securityArchive, status: 'unreachable' as const, reason: 'refused' };
    const node = await enrol({ ...factsOf('doubt'), offers: { archives: [securityArchive, faulty], offers: [] } });
    const count = (await rows()).length;
    expect((await verdictOf(node.instanceId)).status).toBe('unknown');
    expect(await rows()).toHaveLength(count);
  });

  it('are dropped when nobody asks, and beyond a number of rows', async () => {
    const all = (await rows()).length;
    expect(all).toBeGreaterThan(3);
    const never = new Date(0);
    await pruneVerdicts(server().database, { usedBefore: never, mostRows: 2 });
    expect(await rows()).toHaveLength(2);
    await pruneVerdicts(server().database, { usedBefore: new Date(server().now().getTime() + 1), mostRows: 2 });
    expect(await rows()).toEqual([]);
  });
});
