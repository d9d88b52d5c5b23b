import { CreatePatchBaselineCommand, RegisterPatchBaselineForPatchGroupCommand } from '@aws-sdk/client-ssm';
import { GetNodeFacts, GetNodeVerdict, ListFirstSeen, SubmitFacts } from '@patchbay/contracts';
import type { NodeFacts, VerdictItem } from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import { describe, expect, it } from 'vitest';
import {
  installedPackage,
  mainArchive,
  sampleFacts,
  securityArchive,
  securityKey,
  securityOffer,
} from '../../test-support/sample-facts.ts';
import { readError, readSuccess } from '../../test-support/send-request.ts';
import { enrolNode, submissionOf, type TestNode } from '../../test-support/test-node.ts';
import { withTestServer } from '../../test-support/test-server.ts';

describe('facts', () => {
  const server = withTestServer();

  async function countOf(table: 'installedSets' | 'offers' | 'nodePolicies' | 'nodeFacts'): Promise<number> {
    const row = await server()
      .database.selectFrom(table)
      .select((each) => each.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return row.count;
  }
  const readFacts = async (node: TestNode) =>
    await server().call('Patchbay.GetNodeFacts', { instanceId: node.instanceId }, { service: 'patchbay' });

  it('come back whole, with their digests and the time at which they came', async () => {
    const node = await enrolNode(server());
    const sample = sampleFacts({ offers: [securityOffer('openssl', '3.0.2', '3.0.1')] });
    const ofRunningSystem = {
      failedUnits: ['data.mount'],
      replacedFileUses: [{ unit: 'ssh.service', processes: [{ pid: 7, name: 'sshd' }], files: ['/usr/sbin/sshd'] }],
      otherPatchers: ['unattended-upgrades is enabled'],
      clockAheadSeconds: -600,
      endOfSupport: { standard: '2026-06-10', longTerm: '2028-06-30', extended: null, source: 'debian.csv' },
    };
    const facts = { ...sample, overlay: { ...sample.overlay, ...ofRunningSystem } };
    await node.submitFacts(facts);
    expect(GetNodeFacts.output.parse(readSuccess(await readFacts(node)))).toEqual({
      instanceId: node.instanceId,
      receivedAt: server().now().toISOString(),
      installedDigest: contentDigest(facts.installed),
      offersDigest: contentDigest(facts.offers),
      policyDigest: contentDigest(facts.policy),
      facts,
    });
  });

  it('are an error while a node has submitted none', async () => {
    expect(readError(await readFacts(await enrolNode(server()))).code).toBe('DoesNotExistException');
  });

  it('are refused when a digest is not that of the content', async () => {
    const node = await enrolNode(server());
    const submission = submissionOf(sampleFacts());
    const before = await countOf('nodeFacts');
    await expect(
      node.patchbay(SubmitFacts, {
        ...submission,
        offers: { ...submission.offers, digest: contentDigest('something else') },
      }),
    ).rejects.toMatchObject({ code: 'ValidationException', statusCode: 400 });
    expect(await countOf('nodeFacts')).toBe(before);
  });

  it('are refused with an archive that no line of sources could name: its key could not be read back', async () => {
    const node = await enrolNode(server());
    const { offers, ...facts } = sampleFacts({ offers: [securityOffer('openssl', '3.0.2', '3.0.1')] });
    const archives = offers.archives.map((archive) => ({ ...archive, address: { ...archive.address, suite: ' ' } }));
    await expect(
      node.patchbay(SubmitFacts, submissionOf({ ...facts, offers: { ...offers, archives } })),
    ).rejects.toMatchObject({ code: 'ValidationException', message: expect.stringContaining('suite') });
  });

  it('are asked for where only a digest came that nobody sent before', async () => {
    const node = await enrolNode(server());
    const facts = sampleFacts({ installed: [installedPackage('asked-for', '1')] });
    const submission = submissionOf(facts);
    const digestsOnly = {
      ...submission,
      installed: { digest: submission.installed.digest },
      offers: { digest: contentDigest({ archives: [], offers: ['unknown'] }) },
      policy: { digest: submission.policy.digest },
    };
    const before = await countOf('nodeFacts');
    const answer = await node.patchbay(SubmitFacts, digestsOnly);
    expect(answer.factsId).toBeNull();
    expect(answer.missing).toEqual(expect.arrayContaining(['installed', 'offers']));
    expect(await countOf('nodeFacts')).toBe(before);
    const whole = await node.patchbay(SubmitFacts, submission);
    expect(whole).toEqual({ factsId: expect.any(String), missing: [] });
    const again = await node.patchbay(SubmitFacts, {
      ...submission,
      installed: { digest: submission.installed.digest },
      offers: { digest: submission.offers.digest },
      policy: { digest: submission.policy.digest },
    });
    expect(again).toEqual({ factsId: expect.any(String), missing: [] });
    expect(again.factsId).not.toBe(whole.factsId);
    expect(await countOf('nodeFacts')).toBe(before + 2);
  });

  it('share what is equal, across nodes', async () => {
    const facts = sampleFacts({ installed: [installedPackage('shared', '1')] });
    await (await enrolNode(server())).submitFacts(facts);
    const before = [await countOf('installedSets'), await countOf('offers'), await countOf('nodePolicies')];
    const other = await enrolNode(server());
    const { installed, offers, policy, ...own } = submissionOf(facts);
    const answer = await other.patchbay(SubmitFacts, {
      ...own,
      installed: { digest: installed.digest },
      offers: { digest: offers.digest },
      policy: { digest: policy.digest },
    });
    expect(answer.missing).toEqual([]);
    expect([await countOf('installedSets'), await countOf('offers'), await countOf('nodePolicies')]).toEqual(before);
  });

  it.each([
    ['no members', {}],
    ['a digest that is none', { ...submissionOf(sampleFacts()), policy: { digest: 'md5:1' } }],
    ['null', null],
    ['a NUL in a name', submissionOf(sampleFacts({ installed: [installedPackage('a\0b', '1')] }))],
  ])('are refused with %s', async (_title, input) => {
    const node = await enrolNode(server());
    const answer = await server().call('Patchbay.SubmitFacts', input, {
      service: 'patchbay',
      credentials: node.credentials,
    });
    expect(readError(answer).code).toBe('ValidationException');
  });

  it('are not for people to submit', async () => {
    const answer = await server().call('Patchbay.SubmitFacts', submissionOf(sampleFacts()), { service: 'patchbay' });
    expect(readError(answer).code).toBe('AccessDeniedException');
  });
});

describe('the approval clock', () => {
  const server = withTestServer();

  /** openssl 3.0.1 installed, and what the security archive offers above it. */
  const machine = (...versions: string[]): NodeFacts =>
    sampleFacts({ offers: [securityOffer('openssl', ...versions, '3.0.1')] });

  async function enrolUnderDelay(group: string): Promise<TestNode> {
    const { BaselineId } = await server().ssm.send(
      new CreatePatchBaselineCommand({
        Name: `delayed-${group}`,
        OperatingSystem: 'DEBIAN',
        ApprovalRules: {
          PatchRules: [
            {
              PatchFilterGroup: { PatchFilters: [{ Key: 'PRIORITY', Values: ['*'] }] },
              ApproveAfterDays: 7,
            },
          ],
        },
      }),
    );
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: group }));
    return await enrolNode(server(), { tags: { PatchGroup: group } });
  }
  async function judge(node: TestNode): Promise<VerdictItem> {
    const answer = await server().call(
      'Patchbay.GetNodeVerdict',
      { instanceId: node.instanceId },
      { service: 'patchbay' },
    );
    const { verdict } = GetNodeVerdict.output.parse(readSuccess(answer));
    const item = verdict.items.find((each) => each.name === 'openssl');
    if (!item) throw new RangeError(`The verdict is ${verdict.status} and has no row for openssl`);
    return item;
  }
  async function firstSeen(source: string, maxResults?: number) {
    const records = [];
    let nextToken: string | undefined;
    do {
      const answer = await server().call(
        'Patchbay.ListFirstSeen',
        {
          source,
          ...(maxResults === undefined ? {} : { maxResults }),
          ...(nextToken === undefined ? {} : { nextToken }),
        },
        { service: 'patchbay' },
      );
      const page = ListFirstSeen.output.parse(readSuccess(answer));
      records.push(...page.records);
      nextToken = page.nextToken;
    } while (nextToken);
    return records;
  }

  it('approves at once what the archive held at the first observation, and lets what appears later wait', async () => {
    const start = server().now();
    const node = await enrolUnderDelay('clock');
    await node.submitFacts(machine('3.0.2'));
    expect(await judge(node)).toMatchObject({
      state: 'missing',
      targetVersion: '3.0.2',
      evidence: { clock: { rung: 'undated', sourceVersion: '3.0.2', archive: securityKey, availableAt: null } },
    });

    server().advance({ hours: 12 });
    const appearedAt = server().now();
    await node.renew();
    await node.submitFacts(machine('3.0.3', '3.0.2'));
    // The newer one waits; the older one, approved before, is what is missing meanwhile.
    expect(await judge(node)).toMatchObject({
      state: 'missing',
      targetVersion: '3.0.2',
      evidence: { clock: { rung: 'undated' } },
    });
    expect(await firstSeen('openssl')).toEqual([
      expect.objectContaining({ sourceVersion: '3.0.1', rung: 'undated', firstSeenAt: start.toISOString() }),
      expect.objectContaining({ sourceVersion: '3.0.2', rung: 'undated', firstSeenAt: start.toISOString() }),
      expect.objectContaining({
        sourceVersion: '3.0.3',
        rung: 'first-seen',
        firstSeenAt: appearedAt.toISOString(),
        reportedBy: node.instanceId,
        archive: securityArchive.address,
      }),
    ]);
    server().setNow(start);
  });

  it('lets a version wait its seven days and then calls it missing, each with its rung', async () => {
    const start = server().now();
    const node = await enrolUnderDelay('waiting');
    const withUpdate = (...versions: string[]) =>
      sampleFacts({
        installed: [installedPackage('openssl', '9.0.1')],
        offers: [securityOffer('openssl', ...versions, '9.0.1')],
      });
    await node.submitFacts(withUpdate());
    server().advance({ hours: 12 });
    const appearedAt = server().now();
    await node.renew();
    await node.submitFacts(withUpdate('9.0.2'));
    const clock = {
      rung: 'first-seen',
      sourceVersion: '9.0.2',
      availableAt: appearedAt.toISOString(),
      approvedAt: '2026-11-28T00:00:00.000Z',
    };
    expect(await judge(node)).toMatchObject({ state: 'waiting', evidence: { clock } });
    for (const day of [1, 2, 3, 4, 5, 6]) {
      server().setNow(new Date(appearedAt.getTime() + day * 86_400_000));
      await node.renew();
      await node.submitFacts(withUpdate('9.0.2'));
      expect((await judge(node)).state).toBe('waiting');
    }
    server().setNow(new Date('2026-11-27T23:59:59.999Z'));
    expect((await judge(node)).state).toBe('waiting');
    server().setNow(new Date('2026-11-28T00:00:00.000Z'));
    expect(await judge(node)).toMatchObject({ state: 'missing', targetVersion: '9.0.2', evidence: { clock } });
    server().setNow(start);
  });

  it('does not date by the first report of an archive that nobody has watched for two days', async () => {
    const start = server().now();
    const node = await enrolNode(server());
    const offering = (...versions: string[]) =>
      sampleFacts({
        installed: [installedPackage('curl', '7.0')],
        offers: [securityOffer('curl', ...versions, '7.0')],
      });
    await node.submitFacts(offering());
    server().advance({ hours: 49 });
    await node.renew();
    await node.submitFacts(offering('7.1'));
    expect((await firstSeen('curl')).map(({ sourceVersion, rung }) => [sourceVersion, rung])).toEqual([
      ['7.0', 'undated'],
      ['7.1', 'undated'],
    ]);
    server().setNow(start);
  });

  it('keeps the first date, whoever reports a version again, and is read in pages', async () => {
    const start = server().now();
    const [first, second] = [await enrolNode(server()), await enrolNode(server())];
    const offering = (...versions: string[]) =>
      sampleFacts({
        installed: [installedPackage('zlib', '1.0')],
        offers: [securityOffer('zlib', ...versions, '1.0')],
      });
    await first.submitFacts(offering());
    server().advance({ hours: 2 });
    await second.renew();
    await second.submitFacts(offering('1.1'));
    server().advance({ hours: 2 });
    await first.renew();
    await first.submitFacts(offering('1.1'));
    const records = await firstSeen('zlib');
    expect(records.map(({ sourceVersion, reportedBy }) => [sourceVersion, reportedBy])).toEqual([
      ['1.0', first.instanceId],
      ['1.1', second.instanceId],
    ]);
    expect(await firstSeen('zlib', 1)).toEqual(records);
    server().setNow(start);
  });

  it('learns nothing from an archive that could not be verified', async () => {
    const node = await enrolNode(server());
    await node.submitFacts(
      sampleFacts({
        installed: [installedPackage('nginx', '1.0')],
        archives: [mainArchive, { ...securityArchive, status: 'badly-signed', reason: 'no key' }],
        offers: [securityOffer('nginx', '1.1', '1.0')],
      }),
    );
    expect(await firstSeen('nginx')).toEqual([]);
  });

  it('takes the same facts of many nodes at the same moment', async () => {
    const nodes = [];
    for (let index = 0; index < 6; index += 1) nodes.push(await enrolNode(server()));
    const facts = sampleFacts({
      installed: Array.from({ length: 40 }, (_, index) => installedPackage(`parallel-${index}`, '1.0')),
      offers: Array.from({ length: 40 }, (_, index) => securityOffer(`parallel-${index}`, '1.1', '1.0')),
    });
    await Promise.all(nodes.map((node) => node.submitFacts(facts)));
    expect(await firstSeen('parallel-7')).toHaveLength(2);
  });
});
