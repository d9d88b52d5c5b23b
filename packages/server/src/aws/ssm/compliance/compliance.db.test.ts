import {
  CreatePatchBaselineCommand,
  DeregisterManagedInstanceCommand,
  ListComplianceItemsCommand,
  type ListComplianceItemsCommandInput,
  ListComplianceSummariesCommand,
  type ListComplianceSummariesCommandInput,
  ListResourceComplianceSummariesCommand,
  type ListResourceComplianceSummariesCommandInput,
  RegisterPatchBaselineForPatchGroupCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import type { NodeFacts } from '@patchbay/facts';
import { beforeAll, describe, expect, it } from 'vitest';
import { installedPackage, sampleFacts, securityOffer } from '../../../test-support/sample-facts.ts';
import { readError } from '../../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { OTHER_REGION, TEST_START, withTestServer } from '../../../test-support/test-server.ts';

const facts: NodeFacts = sampleFacts({
  installed: [
    installedPackage('bash', '5.0'),
    installedPackage('local-tool', '1.0'),
    installedPackage('openssl', '3.0.1'),
    installedPackage('zlib1g', '1.2'),
  ],
  offers: [
    securityOffer('bash', '5.0'),
    securityOffer('openssl', '3.0.2', '3.0.1'),
    securityOffer('zlib1g', '1.3', '1.2'),
  ],
});
const upToDate: NodeFacts = sampleFacts({
  installed: [installedPackage('bash', '5.0')],
  offers: [securityOffer('bash', '5.0')],
});
const none = {
  CriticalCount: 0,
  HighCount: 0,
  MediumCount: 0,
  LowCount: 0,
  InformationalCount: 0,
  UnspecifiedCount: 0,
};

describe('compliance of patches', () => {
  const server = withTestServer();
  let baselineId: string;
  let commandId: string;
  let documentVersion: string | undefined;
  /** Non-compliant by a command, compliant, not to be judged, never scanned. */
  let lacking: TestNode;
  let fine: TestNode;
  let odd: TestNode;
  let unscanned: TestNode;

  beforeAll(async () => {
    const { ssm } = server();
    const { BaselineId = '' } = await ssm.send(
      new CreatePatchBaselineCommand({
        Name: 'graded',
        OperatingSystem: 'DEBIAN',
        ApprovedPatches: ['openssl'],
        ApprovedPatchesComplianceLevel: 'CRITICAL',
        ApprovalRules: {
          PatchRules: [
            {
              PatchFilterGroup: { PatchFilters: [{ Key: 'PRIORITY', Values: ['*'] }] },
              ApproveAfterDays: 0,
              ComplianceLevel: 'MEDIUM',
            },
          ],
        },
      }),
    );
    baselineId = BaselineId;
    await ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: 'Graded' }));
    const tags = { PatchGroup: 'Graded' };
    lacking = await enrolNode(server(), { tags });
    const sent = await ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPatchBaseline',
        InstanceIds: [lacking.instanceId],
        Parameters: { Operation: ['Scan'] },
      }),
    );
    commandId = sent.Command?.CommandId ?? '';
    documentVersion = sent.Command?.DocumentVersion;
    await lacking.patch(facts, { commandId });
    fine = await enrolNode(server(), {
      tags,
      platform: { PlatformType: 'Linux', PlatformName: 'Ubuntu', PlatformVersion: '24.04' },
    });
    await fine.patch(upToDate);
    odd = await enrolNode(server());
    await odd.patch(sampleFacts({ operatingSystem: { operatingSystem: null, prettyName: 'Plan 9' } }));
    unscanned = await enrolNode(server());
    const gone = await enrolNode(server());
    await gone.patch(facts);
    await ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: gone.instanceId }));
  });

  async function items(input: Partial<ListComplianceItemsCommandInput> = {}) {
    const { ComplianceItems = [] } = await server().ssm.send(
      new ListComplianceItemsCommand({ ResourceIds: [lacking.instanceId], ...input }),
    );
    return ComplianceItems;
  }
  async function resources(input: ListResourceComplianceSummariesCommandInput = {}) {
    const answer = await server().ssm.send(new ListResourceComplianceSummariesCommand(input));
    return answer.ResourceComplianceSummaryItems ?? [];
  }
  async function resourceIds(Filters: ListResourceComplianceSummariesCommandInput['Filters']) {
    return (await resources({ Filters })).map((each) => each.ResourceId);
  }
  async function summaries(input: ListComplianceSummariesCommandInput = {}) {
    const answer = await server().ssm.send(new ListComplianceSummariesCommand(input));
    return answer.ComplianceSummaryItems ?? [];
  }

  it('of one node are its patches, with the level of the baseline and what found them', async () => {
    const item = (Id: string, Title: string, Status: string, Severity: string, details: Record<string, string>) => ({
      ComplianceType: 'Patch',
      ResourceType: 'ManagedInstance',
      ResourceId: lacking.instanceId,
      Id,
      Title,
      Status,
      Severity,
      ExecutionSummary: { ExecutionTime: TEST_START, ExecutionId: commandId, ExecutionType: 'Command' },
      Details: {
        PatchBaselineId: baselineId,
        PatchGroup: 'Graded',
        InstalledTime: '1970-01-01T00:00:00.000Z',
        DocumentName: 'AWS-RunPatchBaseline',
        DocumentVersion: documentVersion,
        ...details,
      },
    });
    expect(await items()).toEqual([
      item('bash.amd64', 'bash.amd64:5.0', 'COMPLIANT', 'MEDIUM', {
        Classification: '',
        PatchSeverity: 'Optional',
        PatchState: 'INSTALLED',
      }),
      item('local-tool.amd64', 'local-tool.amd64:1.0', 'COMPLIANT', 'UNSPECIFIED', {
        Classification: '',
        PatchSeverity: '',
        PatchState: 'INSTALLED_OTHER',
      }),
      item('openssl.amd64', 'openssl.amd64:3.0.2', 'NON_COMPLIANT', 'MEDIUM', {
        Classification: 'Security',
        PatchSeverity: 'Optional',
        PatchState: 'MISSING',
      }),
      item('zlib1g.amd64', 'zlib1g.amd64:1.3', 'NON_COMPLIANT', 'MEDIUM', {
        Classification: 'Security',
        PatchSeverity: 'Optional',
        PatchState: 'MISSING',
      }),
    ]);
  });

  it('name no command where none was, and nothing where nobody scanned', async () => {
    const [item] = await items({ ResourceIds: [fine.instanceId] });
    expect(item?.ExecutionSummary).toEqual({ ExecutionTime: TEST_START });
    expect(item?.Details).not.toHaveProperty('DocumentName');
    expect(await items({ ResourceIds: [unscanned.instanceId] })).toEqual([]);
    expect(await items({ ResourceIds: [odd.instanceId] })).toMatchObject([
      { Id: 'patchbay-unknown', Status: 'NON_COMPLIANT', Severity: 'UNSPECIFIED', Details: { PatchState: 'FAILED' } },
    ]);
  });

  it.each<[string, ListComplianceItemsCommandInput['Filters'], string[]]>([
    ['a status', [{ Key: 'Status', Values: ['NON_COMPLIANT'] }], ['openssl.amd64', 'zlib1g.amd64']],
    [
      'not a status',
      [{ Key: 'Status', Values: ['NON_COMPLIANT'], Type: 'NOT_EQUAL' }],
      ['bash.amd64', 'local-tool.amd64'],
    ],
    ['a severity', [{ Key: 'Severity', Values: ['UNSPECIFIED', 'HIGH'], Type: 'EQUAL' }], ['local-tool.amd64']],
    [
      'the beginning of a title',
      [{ Key: 'Title', Values: ['zlib', 'ba'], Type: 'BEGIN_WITH' }],
      ['bash.amd64', 'zlib1g.amd64'],
    ],
    ['a detail', [{ Key: 'PatchState', Values: ['INSTALLED'] }], ['bash.amd64']],
    ['another type', [{ Key: 'ComplianceType', Values: ['Association'] }], []],
    ['a time before', [{ Key: 'ExecutionTime', Values: ['2026-11-20T12:00:00Z'], Type: 'LESS_THAN' }], []],
    [
      'a time after and an id',
      [
        { Key: 'ExecutionTime', Values: ['2026-11-20T11:59:59Z'], Type: 'GREATER_THAN' },
        { Key: 'Id', Values: ['bash.amd64'] },
      ],
      ['bash.amd64'],
    ],
  ])('are filtered by %s', async (_title, Filters, expected) => {
    expect((await items({ Filters })).map((item) => item.Id)).toEqual(expected);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no resource', { ResourceIds: undefined }, 'InvalidResourceId'],
    ['two resources', { ResourceIds: ['mi-00000000000000000', 'mi-00000000000000001'] }, 'InvalidResourceId'],
    ['a node that does not exist', { ResourceIds: ['mi-00000000000000000'] }, 'InvalidResourceId'],
    ['another kind of resource', { ResourceTypes: ['Bucket'] }, 'InvalidResourceType'],
    ['an unknown key', { Filters: [{ Key: 'Colour', Values: ['red'] }] }, 'InvalidFilter'],
    ['a key that every object has', { Filters: [{ Key: 'constructor', Values: ['red'] }] }, 'InvalidFilter'],
    ['a filter without values', { Filters: [{ Key: 'Status' }] }, 'InvalidFilter'],
    [
      'an order where there is none',
      { Filters: [{ Key: 'Status', Values: ['A'], Type: 'LESS_THAN' }] },
      'InvalidFilter',
    ],
    ['a date that is none', { Filters: [{ Key: 'ExecutionTime', Values: ['soon'] }] }, 'InvalidFilter'],
    ['an unknown comparison', { Filters: [{ Key: 'Status', Values: ['A'], Type: 'LIKE' }] }, 'ValidationException'],
    ['a page that is too large', { MaxResults: 51 }, 'ValidationException'],
    ['a token of nothing', { NextToken: 'AAAA' }, 'InvalidNextToken'],
  ])('are refused with %s', async (_title, input, code) => {
    const answer = await server().call('AmazonSSM.ListComplianceItems', {
      ResourceIds: [lacking.instanceId],
      ...input,
    });
    expect(readError(answer).code).toBe(code);
  });

  it('come in pages', async () => {
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await server().ssm.send(
        new ListComplianceItemsCommand({ ResourceIds: [lacking.instanceId], MaxResults: 3, NextToken }),
      );
      seen.push(...(page.ComplianceItems ?? []).map((item) => item.Id));
      NextToken = page.NextToken;
    } while (NextToken);
    expect(seen).toEqual(['bash.amd64', 'local-tool.amd64', 'openssl.amd64', 'zlib1g.amd64']);
  });

  it('of all nodes count the patches of each, gravest level first', async () => {
    const found = await resources();
    expect(found.map((each) => each.ResourceId)).toEqual([lacking.instanceId, fine.instanceId, odd.instanceId].sort());
    expect(found.find((each) => each.ResourceId === lacking.instanceId)).toEqual({
      ComplianceType: 'Patch',
      ResourceType: 'ManagedInstance',
      ResourceId: lacking.instanceId,
      Status: 'NON_COMPLIANT',
      OverallSeverity: 'MEDIUM',
      ExecutionSummary: { ExecutionTime: TEST_START, ExecutionId: commandId, ExecutionType: 'Command' },
      CompliantSummary: { CompliantCount: 2, SeveritySummary: { ...none, MediumCount: 1, UnspecifiedCount: 1 } },
      NonCompliantSummary: { NonCompliantCount: 2, SeveritySummary: { ...none, MediumCount: 2 } },
    });
    expect(found.find((each) => each.ResourceId === fine.instanceId)).toMatchObject({
      Status: 'COMPLIANT',
      OverallSeverity: 'UNSPECIFIED',
      NonCompliantSummary: { NonCompliantCount: 0 },
    });
  });

  it('of all nodes are filtered by status, severity and what the nodes are', async () => {
    const bySystem = (name: string) => [{ Key: 'AWS:InstanceInformation.PlatformName', Values: [name] }];
    expect(await resourceIds([{ Key: 'Status', Values: ['COMPLIANT'] }])).toEqual([fine.instanceId]);
    expect(await resourceIds([{ Key: 'OverallSeverity', Values: ['MEDIUM'] }])).toEqual([lacking.instanceId]);
    expect(await resourceIds(bySystem('Ubuntu'))).toEqual([fine.instanceId]);
    expect(await resourceIds([...bySystem('Ubuntu'), { Key: 'Status', Values: ['NON_COMPLIANT'] }])).toEqual([]);
    expect(await resourceIds([{ Key: 'ComplianceType', Values: ['Custom:Own'] }])).toEqual([]);
    await expect(resourceIds([{ Key: 'Colour', Values: ['red'] }])).rejects.toMatchObject({ name: 'InvalidFilter' });
  });

  it('of all nodes come in pages', async () => {
    const whole = await resources();
    const first = await server().ssm.send(new ListResourceComplianceSummariesCommand({ MaxResults: 2 }));
    expect(first.ResourceComplianceSummaryItems).toEqual(whole.slice(0, 2));
    const second = await server().ssm.send(
      new ListResourceComplianceSummariesCommand({ MaxResults: 2, NextToken: first.NextToken }),
    );
    expect(second.ResourceComplianceSummaryItems).toEqual(whole.slice(2));
    expect(second.NextToken).toBeUndefined();
  });

  it('in sum count nodes, not patches', async () => {
    expect(await summaries()).toEqual([
      {
        ComplianceType: 'Patch',
        CompliantSummary: { CompliantCount: 1, SeveritySummary: { ...none, UnspecifiedCount: 1 } },
        NonCompliantSummary: {
          NonCompliantCount: 2,
          SeveritySummary: { ...none, MediumCount: 1, UnspecifiedCount: 1 },
        },
      },
    ]);
    expect(await summaries({ Filters: [{ Key: 'Status', Values: ['COMPLIANT'] }] })).toMatchObject([
      { CompliantSummary: { CompliantCount: 1 }, NonCompliantSummary: { NonCompliantCount: 0 } },
    ]);
    const elsewhere = server().createClient(server().administrator, OTHER_REGION);
    const answer = await elsewhere.send(new ListComplianceSummariesCommand({ MaxResults: 50 }));
    expect(answer.ComplianceSummaryItems).toEqual([]);
    await expect(summaries({ NextToken: 'AAAA' })).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });

  it('of a result that has become too old is doubtful: one more failure, and no node is compliant', async () => {
    server().advance({ hours: 48, seconds: 1 });
    expect(await items({ ResourceIds: [fine.instanceId] })).toMatchObject([
      { Id: 'bash.amd64', Status: 'COMPLIANT' },
      { Id: 'patchbay-unknown', Status: 'NON_COMPLIANT', Title: expect.stringContaining('scan the node again') },
    ]);
    expect(await resources({ Filters: [{ Key: 'Status', Values: ['COMPLIANT'] }] })).toEqual([]);
    expect(await resources()).toContainEqual(
      expect.objectContaining({
        ResourceId: odd.instanceId,
        NonCompliantSummary: { NonCompliantCount: 1, SeveritySummary: { ...none, UnspecifiedCount: 1 } },
      }),
    );
    expect(await summaries()).toMatchObject([
      { CompliantSummary: { CompliantCount: 0 }, NonCompliantSummary: { NonCompliantCount: 3 } },
    ]);
    server().setNow(TEST_START);
  });

  it('is worked out from the verdict where its counts were not kept', async () => {
    const whole = await resources();
    await server().database.updateTable('patchOperations').set({ severities: null }).execute();
    expect(await resources()).toEqual(whole);
  });
});
