import {
  CreatePatchBaselineCommand,
  type CreatePatchBaselineCommandInput,
  DeletePatchBaselineCommand,
  DescribePatchBaselinesCommand,
  type DescribePatchBaselinesCommandInput,
  GetDefaultPatchBaselineCommand,
  GetPatchBaselineCommand,
  type PatchBaselineIdentity,
  RegisterPatchBaselineForPatchGroupCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { readError, readSuccess } from '../../../test-support/send-request.ts';
import { OTHER_REGION, withTestServer } from '../../../test-support/test-server.ts';

const everythingSet = {
  Name: 'everything_set-1.0',
  OperatingSystem: 'DEBIAN',
  Description: 'Has every member',
  GlobalFilters: { PatchFilters: [{ Key: 'PRODUCT', Values: ['Debian12', 'Debian11'] }] },
  ApprovalRules: {
    PatchRules: [
      {
        PatchFilterGroup: {
          PatchFilters: [
            { Key: 'PRIORITY', Values: ['Required', 'Important'] },
            { Key: 'SECTION', Values: ['*'] },
          ],
        },
        ComplianceLevel: 'CRITICAL',
        ApproveAfterDays: 7,
        EnableNonSecurity: true,
      },
      {
        PatchFilterGroup: { PatchFilters: [{ Key: 'PRODUCT', Values: ['*'] }] },
        ComplianceLevel: 'LOW',
        ApproveUntilDate: '2026-10-31',
        EnableNonSecurity: false,
      },
    ],
  },
  ApprovedPatches: ['openssl', 'bash'],
  ApprovedPatchesComplianceLevel: 'HIGH',
  ApprovedPatchesEnableNonSecurity: true,
  RejectedPatches: ['linux-image-*'],
  RejectedPatchesAction: 'BLOCK',
  Sources: [
    { Name: 'internal', Products: ['Debian12'], Configuration: 'deb http://archive.test/debian bookworm main' },
  ],
} satisfies CreatePatchBaselineCommandInput;

describe('patch baselines', () => {
  const server = withTestServer();

  async function create(input: Partial<CreatePatchBaselineCommandInput> = {}): Promise<string> {
    const { BaselineId = '' } = await server().ssm.send(
      new CreatePatchBaselineCommand({ Name: 'ordinary', OperatingSystem: 'DEBIAN', ...input }),
    );
    return BaselineId;
  }

  it('come back as they were given, with all their members', async () => {
    const BaselineId = await create(everythingSet);
    expect(BaselineId).toMatch(/^pb-[0-9a-f]{17}$/);
    const { $metadata: _metadata, ...stored } = await server().ssm.send(new GetPatchBaselineCommand({ BaselineId }));
    expect(stored).toEqual({
      ...everythingSet,
      BaselineId,
      PatchGroups: [],
      CreatedDate: server().now(),
      ModifiedDate: server().now(),
    });
  });

  it("have AWS's defaults for what was left out", async () => {
    const { $metadata: _metadata, ...stored } = await server().ssm.send(
      new GetPatchBaselineCommand({ BaselineId: await create() }),
    );
    expect(stored).toMatchObject({
      OperatingSystem: 'DEBIAN',
      GlobalFilters: { PatchFilters: [] },
      ApprovalRules: { PatchRules: [] },
      ApprovedPatches: [],
      ApprovedPatchesComplianceLevel: 'UNSPECIFIED',
      ApprovedPatchesEnableNonSecurity: false,
      RejectedPatches: [],
      RejectedPatchesAction: 'ALLOW_AS_DEPENDENCY',
      Sources: [],
    });
    expect(stored).not.toHaveProperty('Description');
    const windows = await server().ssm.send(new CreatePatchBaselineCommand({ Name: 'no-system' }));
    expect(await server().ssm.send(new GetPatchBaselineCommand({ BaselineId: windows.BaselineId }))).toMatchObject({
      OperatingSystem: 'WINDOWS',
    });
  });

  it('are made once for a client token, and another body under it is refused', async () => {
    const ClientToken = 'token-1';
    const first = await create({ Name: 'once', ClientToken });
    expect(await create({ Name: 'once', ClientToken })).toBe(first);
    await expect(create({ Name: 'twice', ClientToken })).rejects.toMatchObject({ name: 'IdempotentParameterMismatch' });
    const { BaselineIdentities = [] } = await server().ssm.send(
      new DescribePatchBaselinesCommand({ Filters: [{ Key: 'NAME_PREFIX', Values: ['once', 'twice'] }] }),
    );
    expect(BaselineIdentities.map((each) => each.BaselineId)).toEqual([first]);
  });

  it('are made once even when the same call comes many times at the same moment', async () => {
    const ids = await Promise.all(
      Array.from({ length: 6 }, () => create({ Name: 'at-once', ClientToken: 'token-at-once' })),
    );
    expect(new Set(ids).size).toBe(1);
  });

  it('do not need a client token, which curl does not send', async () => {
    const answer = await server().call('AmazonSSM.CreatePatchBaseline', {
      Name: 'no-token',
      OperatingSystem: 'DEBIAN',
    });
    expect(readSuccess(answer)).toEqual({ BaselineId: expect.stringMatching(/^pb-/) });
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'a short name',
      { Name: 'ab' },
      "Value 'ab' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 3",
    ],
    [
      'no name',
      {},
      "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
    ],
    [
      'an unknown operating system',
      { Name: 'valid', OperatingSystem: 'PLAN9' },
      "Value 'PLAN9' at 'operatingSystem' failed to satisfy constraint: Member must satisfy enum value set: [",
    ],
    [
      'a delay beyond a year',
      rules({ ApproveAfterDays: 361 }),
      "at 'approvalRules.patchRules.1.member.approveAfterDays' failed to satisfy constraint: Member must have value less than or equal to 360",
    ],
    ['neither delay', rules({}), 'Exactly one of ApproveAfterDays and ApproveUntilDate is required; neither is given'],
    [
      'both delays',
      rules({ ApproveAfterDays: 1, ApproveUntilDate: '2026-01-01' }),
      'Exactly one of ApproveAfterDays and ApproveUntilDate is required; both are given',
    ],
    ['a day that does not exist', rules({ ApproveUntilDate: '2026-02-30' }), 'Invalid ApproveUntilDate: 2026-02-30'],
    [
      'a key that the operating system lacks',
      rules({
        ApproveAfterDays: 0,
        PatchFilterGroup: { PatchFilters: [{ Key: 'MSRC_SEVERITY', Values: ['Critical'] }] },
      }),
      'Invalid Filter Key: MSRC_SEVERITY for Operating System: DEBIAN, valid keys are:',
    ],
    [
      'a value that the key lacks',
      rules({ ApproveAfterDays: 0, PatchFilterGroup: { PatchFilters: [{ Key: 'PRIORITY', Values: ['All'] }] } }),
      'Invalid Filter Value: All for Key: PRIORITY, valid values are:',
    ],
    [
      'an empty filter',
      rules({ ApproveAfterDays: 0, PatchFilterGroup: { PatchFilters: [{ Key: 'PRIORITY', Values: [] }] } }),
      'Member must have length greater than or equal to 1',
    ],
    [
      'a source without products',
      { Name: 'valid', OperatingSystem: 'DEBIAN', Sources: [{ Name: 'internal', Products: [], Configuration: 'deb' }] },
      'Member must have length greater than or equal to 1',
    ],
    [
      'an empty approved patch',
      { Name: 'valid', OperatingSystem: 'DEBIAN', ApprovedPatches: [''] },
      'Member must have length greater than or equal to 1',
    ],
    [
      'too many approved patches',
      {
        Name: 'valid',
        OperatingSystem: 'DEBIAN',
        ApprovedPatches: Array.from({ length: 51 }, (_, index) => `p${index}`),
      },
      'Member must have length less than or equal to 50',
    ],
    [
      'a member that is for Windows only',
      { Name: 'valid', OperatingSystem: 'DEBIAN', AvailableSecurityUpdatesComplianceStatus: 'NON_COMPLIANT' },
      'AvailableSecurityUpdatesComplianceStatus is only supported for WINDOWS',
    ],
  ])('are refused with %s', async (_title, input, message) => {
    const answer = await server().call('AmazonSSM.CreatePatchBaseline', input);
    expect(answer.statusCode).toBe(400);
    expect(readError(answer).code).toBe('ValidationException');
    expect(readError(answer).message).toContain(message);
  });

  it.each([
    ['null for a list', { ApprovedPatches: null }],
    ['null for a structure', { GlobalFilters: null }],
    ['rules without members', { ApprovalRules: { PatchRules: [] } }],
    ['a rule without filters', rules({ ApproveAfterDays: 0, PatchFilterGroup: { PatchFilters: [] } })],
  ])('are made with %s', async (_title, input) => {
    const answer = await server().call('AmazonSSM.CreatePatchBaseline', {
      Name: 'valid',
      OperatingSystem: 'DEBIAN',
      ...input,
    });
    expect(answer.text).toContain('BaselineId');
  });

  it('predefined: are read by id and by ARN, and cannot be deleted', async () => {
    const { BaselineId: arn = '' } = await server().ssm.send(
      new GetDefaultPatchBaselineCommand({ OperatingSystem: 'DEBIAN' }),
    );
    expect(arn).toMatch(/^arn:aws:ssm:us-east-1:\d{12}:patchbaseline\/pb-[0-9a-f]{17}$/);
    const byArn = await server().ssm.send(new GetPatchBaselineCommand({ BaselineId: arn }));
    expect(byArn).toMatchObject({ BaselineId: arn, Name: 'AWS-DebianDefaultPatchBaseline', OperatingSystem: 'DEBIAN' });
    const byId = await server().ssm.send(new GetPatchBaselineCommand({ BaselineId: arn.split('/')[1] }));
    expect({ ...byId, $metadata: undefined }).toEqual({ ...byArn, $metadata: undefined });
    await expect(server().ssm.send(new DeletePatchBaselineCommand({ BaselineId: arn }))).rejects.toMatchObject({
      name: 'ResourceInUseException',
    });
  });

  it('unknown: are an error, also those of another region', async () => {
    const BaselineId = await create();
    const elsewhere = server().createClient(server().administrator, OTHER_REGION);
    await expect(elsewhere.send(new GetPatchBaselineCommand({ BaselineId }))).rejects.toMatchObject({
      name: 'DoesNotExistException',
    });
    await expect(
      server().ssm.send(new GetPatchBaselineCommand({ BaselineId: 'pb-00000000000000000' })),
    ).rejects.toMatchObject({ name: 'DoesNotExistException' });
  });

  it('are deleted once nothing uses them, again without an error', async () => {
    const used = await create();
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId: used, PatchGroup: 'Delete' }));
    await expect(server().ssm.send(new DeletePatchBaselineCommand({ BaselineId: used }))).rejects.toMatchObject({
      name: 'ResourceInUseException',
      message: expect.stringContaining('Delete'),
    });
    const BaselineId = await create();
    expect(await server().ssm.send(new DeletePatchBaselineCommand({ BaselineId }))).toMatchObject({ BaselineId });
    await expect(server().ssm.send(new GetPatchBaselineCommand({ BaselineId }))).rejects.toMatchObject({
      name: 'DoesNotExistException',
    });
    expect(await server().ssm.send(new DeletePatchBaselineCommand({ BaselineId }))).toMatchObject({ BaselineId });
  });
});

function rules(rule: Record<string, unknown>): Record<string, unknown> {
  const PatchFilterGroup = { PatchFilters: [{ Key: 'PRIORITY', Values: ['*'] }] };
  return { Name: 'valid', OperatingSystem: 'DEBIAN', ApprovalRules: { PatchRules: [{ PatchFilterGroup, ...rule }] } };
}

describe('listing patch baselines', () => {
  const server = withTestServer();

  async function list(input: DescribePatchBaselinesCommandInput): Promise<PatchBaselineIdentity[]> {
    const found: PatchBaselineIdentity[] = [];
    let NextToken: string | undefined;
    do {
      const page = await server().ssm.send(new DescribePatchBaselinesCommand({ ...input, NextToken }));
      expect(page.BaselineIdentities?.length).toBeLessThanOrEqual(input.MaxResults ?? 100);
      found.push(...(page.BaselineIdentities ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
    return found;
  }

  it('shows every predefined baseline, with one default for each operating system', async () => {
    const everything = await list({ Filters: [{ Key: 'OWNER', Values: ['AWS'] }] });
    expect(everything).toHaveLength(17);
    const defaults = everything.filter((each) => each.DefaultBaseline).map((each) => each.OperatingSystem);
    expect(defaults).toHaveLength(15);
    expect(new Set(defaults).size).toBe(15);
    expect(everything.find((each) => each.OperatingSystem === 'WINDOWS' && each.DefaultBaseline)?.BaselineName).toBe(
      'AWS-DefaultPatchBaseline',
    );
  });

  it('filters by owner, name and operating system, all of them together', async () => {
    for (const [Name, OperatingSystem] of [
      ['web-debian', 'DEBIAN'],
      ['web-ubuntu', 'UBUNTU'],
      ['db-debian', 'DEBIAN'],
    ] as const) {
      await server().ssm.send(new CreatePatchBaselineCommand({ Name, OperatingSystem }));
    }
    const names = async (Filters: DescribePatchBaselinesCommandInput['Filters']) =>
      new Set((await list({ Filters })).map((each) => each.BaselineName));
    expect(await names([{ Key: 'OWNER', Values: ['Self'] }])).toEqual(
      new Set(['web-debian', 'web-ubuntu', 'db-debian']),
    );
    expect(await names([{ Key: 'NAME_PREFIX', Values: ['web-'] }])).toEqual(new Set(['web-debian', 'web-ubuntu']));
    expect(
      await names([
        { Key: 'OPERATING_SYSTEM', Values: ['DEBIAN'] },
        { Key: 'OWNER', Values: ['Self'] },
      ]),
    ).toEqual(new Set(['web-debian', 'db-debian']));
    // The last three are names that every object inherits.
    for (const Key of ['COLOUR', 'constructor', 'valueOf', '__proto__']) {
      await expect(list({ Filters: [{ Key, Values: ['red'] }] })).rejects.toMatchObject({
        name: 'ValidationException',
      });
    }
  });

  it.each([
    [
      'an owner that does not exist',
      { Filters: [{ Key: 'OWNER', Values: ['Me'] }] },
      'Invalid Filter Value: Me for Key: OWNER, valid values are: AWS, Self',
    ],
    [
      'a system that does not exist',
      { Filters: [{ Key: 'OPERATING_SYSTEM', Values: ['PLAN9'] }] },
      'Invalid Filter Value: PLAN9',
    ],
    ['a filter without values', { Filters: [{ Key: 'OWNER' }] }, 'The filter OWNER has no values'],
    [
      'six filters',
      { Filters: Array.from({ length: 6 }, () => ({ Key: 'OWNER', Values: ['AWS'] })) },
      'Member must have length less than or equal to 5',
    ],
    ['a page of nothing', { MaxResults: 0 }, 'Member must have value greater than or equal to 1'],
    ['a page that is too large', { MaxResults: 101 }, 'Member must have value less than or equal to 100'],
  ])('is refused with %s', async (_title, input, message) => {
    const error = readError(await server().call('AmazonSSM.DescribePatchBaselines', input));
    expect(error).toMatchObject({ code: 'ValidationException', message: expect.stringContaining(message) });
  });

  it('shows each once however small the pages are', async () => {
    const everything = await list({});
    for (const MaxResults of [1, 2, 7]) {
      expect(await list({ MaxResults })).toEqual(everything);
    }
  });

  it('is limited to fifty own baselines', async () => {
    const { length } = await list({ Filters: [{ Key: 'OWNER', Values: ['Self'] }] });
    for (let count = length; count < 50; count += 1) {
      await server().ssm.send(new CreatePatchBaselineCommand({ Name: `quota-${count}`, OperatingSystem: 'DEBIAN' }));
    }
    const oneMore = new CreatePatchBaselineCommand({ Name: 'one-more', OperatingSystem: 'DEBIAN' });
    await expect(server().ssm.send(oneMore)).rejects.toMatchObject({ name: 'ResourceLimitExceededException' });
    const [first] = await list({ Filters: [{ Key: 'NAME_PREFIX', Values: ['quota-'] }] });
    await server().ssm.send(new DeletePatchBaselineCommand({ BaselineId: first?.BaselineId }));
    await server().ssm.send(oneMore);
  });
});
