import {
  CreatePatchBaselineCommand,
  type CreatePatchBaselineCommandInput,
  DeletePatchBaselineCommand,
  DescribePatchBaselinesCommand,
  GetDefaultPatchBaselineCommand,
  GetPatchBaselineCommand,
  RegisterDefaultPatchBaselineCommand,
  RegisterPatchBaselineForPatchGroupCommand,
  UpdatePatchBaselineCommand,
  type UpdatePatchBaselineCommandInput,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { defaultQuotas } from '../../../quotas.ts';
import { readError } from '../../../test-support/send-request.ts';
import { OTHER_REGION, TEST_START, withTestServer } from '../../../test-support/test-server.ts';

const wellFilled = {
  Name: 'well-filled',
  OperatingSystem: 'DEBIAN',
  Description: 'At first',
  ApprovalRules: {
    PatchRules: [
      {
        PatchFilterGroup: { PatchFilters: [{ Key: 'PRIORITY', Values: ['Required'] }] },
        ComplianceLevel: 'HIGH',
        ApproveAfterDays: 3,
        EnableNonSecurity: false,
      },
    ],
  },
  ApprovedPatches: ['bash', 'openssl'],
  ApprovedPatchesComplianceLevel: 'CRITICAL',
  RejectedPatches: ['vim'],
  RejectedPatchesAction: 'BLOCK',
} satisfies CreatePatchBaselineCommandInput;

describe('changing patch baselines', () => {
  const server = withTestServer();

  async function create(input: Partial<CreatePatchBaselineCommandInput> = {}): Promise<string> {
    const { BaselineId = '' } = await server().ssm.send(
      new CreatePatchBaselineCommand({ Name: 'ordinary', OperatingSystem: 'DEBIAN', ...input }),
    );
    return BaselineId;
  }
  async function read(BaselineId: string) {
    const { $metadata: _metadata, ...baseline } = await server().ssm.send(new GetPatchBaselineCommand({ BaselineId }));
    return baseline;
  }
  async function update(input: UpdatePatchBaselineCommandInput) {
    const { $metadata: _metadata, ...baseline } = await server().ssm.send(new UpdatePatchBaselineCommand(input));
    return baseline;
  }
  async function revisionsOf(baselineId: string) {
    return await server()
      .database.selectFrom('patchBaselineRevisions')
      .select(['revision', 'content'])
      .where('baselineId', '=', baselineId)
      .orderBy('revision')
      .execute();
  }

  it('leaves what is not named, answers everything but the patch groups, and keeps the earlier revision', async () => {
    const BaselineId = await create(wellFilled);
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: 'Update' }));
    server().advance({ hours: 1 });
    const updated = await update({ BaselineId, Description: 'Later', ApprovedPatches: ['zlib1g'] });
    expect(updated).toEqual({
      ...wellFilled,
      Description: 'Later',
      ApprovedPatches: ['zlib1g'],
      BaselineId,
      GlobalFilters: { PatchFilters: [] },
      ApprovedPatchesEnableNonSecurity: false,
      Sources: [],
      CreatedDate: TEST_START,
      ModifiedDate: server().now(),
    });
    expect(await read(BaselineId)).toEqual({ ...updated, PatchGroups: ['Update'] });
    expect((await revisionsOf(BaselineId)).map(({ revision, content }) => [revision, content.description])).toEqual([
      [1, 'At first'],
      [2, 'Later'],
    ]);
    server().setNow(TEST_START);
  });

  it('replaces lists whole, also by empty ones', async () => {
    const BaselineId = await create(wellFilled);
    await update({ BaselineId, RejectedPatches: [], ApprovalRules: { PatchRules: [] } });
    expect(await read(BaselineId)).toMatchObject({
      RejectedPatches: [],
      ApprovalRules: { PatchRules: [] },
      ApprovedPatches: ['bash', 'openssl'],
    });
  });

  it('with Replace forgets what is not given, and wants the name', async () => {
    const BaselineId = await create(wellFilled);
    await expect(update({ BaselineId, Replace: true, Description: 'x' })).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('Name is required when Replace is true'),
    });
    const replaced = await update({ BaselineId, Replace: true, Name: 'replaced', RejectedPatches: ['nano'] });
    expect(replaced).toMatchObject({
      Name: 'replaced',
      OperatingSystem: 'DEBIAN',
      ApprovalRules: { PatchRules: [] },
      ApprovedPatches: [],
      ApprovedPatchesComplianceLevel: 'UNSPECIFIED',
      RejectedPatches: ['nano'],
      RejectedPatchesAction: 'ALLOW_AS_DEPENDENCY',
    });
    expect(replaced).not.toHaveProperty('Description');
  });

  it('shows the new name in lists', async () => {
    const BaselineId = await create({ Name: 'before-1' });
    await update({ BaselineId, Name: 'after-1' });
    const { BaselineIdentities } = await server().ssm.send(
      new DescribePatchBaselinesCommand({ Filters: [{ Key: 'NAME_PREFIX', Values: ['before-', 'after-'] }] }),
    );
    expect(BaselineIdentities).toMatchObject([{ BaselineId, BaselineName: 'after-1' }]);
  });

  it('loses no change when many come at the same moment', async () => {
    const BaselineId = await create(wellFilled);
    await Promise.all([
      update({ BaselineId, Description: 'one' }),
      update({ BaselineId, Name: 'two-2' }),
      update({ BaselineId, ApprovedPatches: ['three'] }),
      update({ BaselineId, RejectedPatches: ['four'] }),
    ]);
    expect(await read(BaselineId)).toMatchObject({
      Description: 'one',
      Name: 'two-2',
      ApprovedPatches: ['three'],
      RejectedPatches: ['four'],
    });
    expect(await revisionsOf(BaselineId)).toHaveLength(5);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a short name', { Name: 'ab' }, 'Member must have length greater than or equal to 3'],
    [
      'a value that the key lacks',
      { GlobalFilters: { PatchFilters: [{ Key: 'PRIORITY', Values: ['All'] }] } },
      'Invalid Filter Value: All for Key: PRIORITY, valid values are: Required, ',
    ],
    [
      'both delays',
      {
        ApprovalRules: {
          PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 1, ApproveUntilDate: '2026-01-01' }],
        },
      },
      'Exactly one of ApproveAfterDays and ApproveUntilDate is required',
    ],
    [
      'what only Windows has',
      { AvailableSecurityUpdatesComplianceStatus: 'COMPLIANT' },
      'AvailableSecurityUpdatesComplianceStatus is only supported for WINDOWS',
    ],
  ])('is refused with %s and changes nothing', async (_title, change, message) => {
    const BaselineId = await create(wellFilled);
    const before = await read(BaselineId);
    const answer = await server().call('AmazonSSM.UpdatePatchBaseline', { BaselineId, ...change });
    expect(readError(answer)).toMatchObject({
      code: 'ValidationException',
      message: expect.stringContaining(message),
    });
    expect(await read(BaselineId)).toEqual(before);
  });

  it('is refused for what does not exist and for predefined ones', async () => {
    const { BaselineId: arn = '' } = await server().ssm.send(
      new GetDefaultPatchBaselineCommand({ OperatingSystem: 'UBUNTU' }),
    );
    await expect(update({ BaselineId: arn, Name: 'mine' })).rejects.toMatchObject({ name: 'ValidationException' });
    const deleted = await create();
    await server().ssm.send(new DeletePatchBaselineCommand({ BaselineId: deleted }));
    for (const BaselineId of [deleted, 'pb-00000000000000000', 'something-of-twenty-letters']) {
      await expect(update({ BaselineId, Name: 'mine' })).rejects.toMatchObject({ name: 'DoesNotExistException' });
    }
    const elsewhere = server().createClient(server().administrator, OTHER_REGION);
    const BaselineId = await create();
    await expect(elsewhere.send(new UpdatePatchBaselineCommand({ BaselineId, Name: 'mine' }))).rejects.toMatchObject({
      name: 'DoesNotExistException',
    });
  });

  it('keeps what only Windows has', async () => {
    const BaselineId = await create({
      OperatingSystem: 'WINDOWS',
      AvailableSecurityUpdatesComplianceStatus: 'NON_COMPLIANT',
    });
    expect(await read(BaselineId)).toMatchObject({ AvailableSecurityUpdatesComplianceStatus: 'NON_COMPLIANT' });
    await update({ BaselineId, AvailableSecurityUpdatesComplianceStatus: 'COMPLIANT' });
    expect(await read(BaselineId)).toMatchObject({ AvailableSecurityUpdatesComplianceStatus: 'COMPLIANT' });
  });
});

describe('default patch baselines', () => {
  const server = withTestServer();

  async function create(Name: string, OperatingSystem: 'DEBIAN' | 'WINDOWS' = 'DEBIAN'): Promise<string> {
    const answer = await server().ssm.send(new CreatePatchBaselineCommand({ Name, OperatingSystem }));
    return answer.BaselineId ?? '';
  }
  async function registerDefault(BaselineId: string) {
    return (await server().ssm.send(new RegisterDefaultPatchBaselineCommand({ BaselineId }))).BaselineId;
  }
  async function defaultOf(OperatingSystem?: 'DEBIAN' | 'UBUNTU' | 'WINDOWS') {
    return (await server().ssm.send(new GetDefaultPatchBaselineCommand({ OperatingSystem }))).BaselineId;
  }
  async function listedDefaults(operatingSystem: 'DEBIAN' | 'WINDOWS') {
    const { BaselineIdentities = [] } = await server().ssm.send(
      new DescribePatchBaselinesCommand({ Filters: [{ Key: 'OPERATING_SYSTEM', Values: [operatingSystem] }] }),
    );
    return BaselineIdentities.filter((each) => each.DefaultBaseline).map((each) => each.BaselineId);
  }

  it('are registered for their own operating system and given back by the ARN of the predefined one', async () => {
    const predefined = (await defaultOf('DEBIAN')) ?? '';
    const ubuntu = await defaultOf('UBUNTU');
    const [first, second] = [await create('first'), await create('second')];
    expect(await registerDefault(first)).toBe(first);
    expect(await defaultOf('DEBIAN')).toBe(first);
    expect(await defaultOf('UBUNTU')).toBe(ubuntu);
    expect(await listedDefaults('DEBIAN')).toEqual([first]);
    await registerDefault(second);
    expect(await listedDefaults('DEBIAN')).toEqual([second]);
    await expect(server().ssm.send(new DeletePatchBaselineCommand({ BaselineId: second }))).rejects.toMatchObject({
      name: 'ResourceInUseException',
    });
    expect(await registerDefault(predefined)).toBe(predefined);
    expect(await listedDefaults('DEBIAN')).toEqual([predefined]);
    await server().ssm.send(new DeletePatchBaselineCommand({ BaselineId: second }));
  });

  it('can be any of the three that Windows has', async () => {
    const { BaselineIdentities = [] } = await server().ssm.send(
      new DescribePatchBaselinesCommand({ Filters: [{ Key: 'NAME_PREFIX', Values: ['AWS-Windows'] }] }),
    );
    for (const { BaselineId = '' } of BaselineIdentities) {
      await registerDefault(BaselineId);
      expect(await defaultOf()).toBe(BaselineId);
      expect(await listedDefaults('WINDOWS')).toEqual([BaselineId]);
    }
    expect(BaselineIdentities).toHaveLength(2);
  });

  it('are refused for ids that name nothing', async () => {
    const arn = (await defaultOf('UBUNTU')) ?? '';
    for (const [baselineId, name] of [
      ['pb-00000000000000000', 'DoesNotExistException'],
      [arn.replace('us-east-1', 'eu-west-1'), 'DoesNotExistException'],
      [arn.replace(/:\d{12}:/, ':000000000000:'), 'DoesNotExistException'],
      [arn.replace('patchbaseline/', 'document/'), 'InvalidResourceId'],
      ['something-of-twenty-letters', 'InvalidResourceId'],
    ] as const) {
      await expect(registerDefault(baselineId)).rejects.toMatchObject({ name });
    }
    const own = await create('by-arn-1');
    const ownArn = `arn:aws:ssm:us-east-1:${server().accountId}:patchbaseline/${own}`;
    expect(await registerDefault(ownArn)).toBe(own);
  });
});

describe('the quota of baselines', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, 'patch-baselines': 3, 'patch-groups-per-baseline': 2 } });

  it('holds however many are made at the same moment, each region by itself', async () => {
    const make = async (name: string, region?: string) => {
      const client = region === undefined ? server().ssm : server().createClient(server().administrator, region);
      return await client.send(new CreatePatchBaselineCommand({ Name: name, OperatingSystem: 'DEBIAN' }));
    };
    const made = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => make(`at-once-${index}`)));
    const refused = made.filter((each) => each.status === 'rejected').map((each): unknown => each.reason);
    expect(refused).toHaveLength(5);
    expect(refused[0]).toMatchObject({
      name: 'ResourceLimitExceededException',
      message: expect.stringContaining('at most 3'),
    });
    await make('elsewhere', OTHER_REGION);
  });

  it('of patch groups holds as well', async () => {
    const { BaselineIdentities: [{ BaselineId = '' } = {}] = [] } = await server().ssm.send(
      new DescribePatchBaselinesCommand({ Filters: [{ Key: 'OWNER', Values: ['Self'] }] }),
    );
    const register = async (PatchGroup: string) =>
      await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup }));
    await register('one');
    await register('two');
    await register('two');
    await expect(register('three')).rejects.toMatchObject({ name: 'ResourceLimitExceededException' });
  });

  it('of patch groups holds for predefined baselines, however many come at the same moment', async () => {
    const { BaselineId } = await server().ssm.send(new GetDefaultPatchBaselineCommand({ OperatingSystem: 'SUSE' }));
    const registered = await Promise.allSettled(
      Array.from(
        { length: 8 },
        async (_, index) =>
          await server().ssm.send(
            new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: `at-once-${index}` }),
          ),
      ),
    );
    expect(registered.filter((each) => each.status === 'fulfilled')).toHaveLength(2);
  });
});
