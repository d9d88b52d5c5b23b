import {
  AddTagsToResourceCommand,
  CreatePatchBaselineCommand,
  DeletePatchBaselineCommand,
  DeregisterPatchBaselineForPatchGroupCommand,
  DescribePatchGroupsCommand,
  type DescribePatchGroupsCommandInput,
  GetDefaultPatchBaselineCommand,
  GetPatchBaselineCommand,
  GetPatchBaselineForPatchGroupCommand,
  type OperatingSystem,
  RegisterPatchBaselineForPatchGroupCommand,
  RemoveTagsFromResourceCommand,
} from '@aws-sdk/client-ssm';
import { BeginPatchOperation, GetNodeVerdict } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { sampleFacts } from '../../../test-support/sample-facts.ts';
import { readSuccess } from '../../../test-support/send-request.ts';
import { enrolNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';

describe('patch groups', () => {
  const server = withTestServer();

  async function createBaseline(Name: string, system: OperatingSystem = 'DEBIAN'): Promise<string> {
    const { BaselineId = '' } = await server().ssm.send(
      new CreatePatchBaselineCommand({ Name, OperatingSystem: system }),
    );
    return BaselineId;
  }
  async function register(BaselineId: string, PatchGroup: string) {
    return await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup }));
  }
  async function baselineOf(PatchGroup: string, system: OperatingSystem) {
    const answer = await server().ssm.send(
      new GetPatchBaselineForPatchGroupCommand({ PatchGroup, OperatingSystem: system }),
    );
    return answer.BaselineId;
  }

  it('have one baseline for each operating system', async () => {
    const [debian, ubuntu] = [await createBaseline('debian-1'), await createBaseline('ubuntu-1', 'UBUNTU')];
    expect(await register(debian, 'Web')).toMatchObject({ BaselineId: debian, PatchGroup: 'Web' });
    await register(ubuntu, 'Web');
    expect(await baselineOf('Web', 'DEBIAN')).toBe(debian);
    expect(await baselineOf('Web', 'UBUNTU')).toBe(ubuntu);
    await expect(register(await createBaseline('debian-2'), 'Web')).rejects.toMatchObject({
      name: 'AlreadyExistsException',
      message: expect.stringContaining('DEBIAN'),
    });
    expect(await baselineOf('Web', 'DEBIAN')).toBe(debian);
    expect(await server().ssm.send(new GetPatchBaselineCommand({ BaselineId: debian }))).toMatchObject({
      PatchGroups: ['Web'],
    });
  });

  it('are registered again without an error', async () => {
    const baselineId = await createBaseline('again');
    await register(baselineId, 'Again');
    expect(await register(baselineId, 'Again')).toMatchObject({ BaselineId: baselineId, PatchGroup: 'Again' });
  });

  it('fall back to the default where nothing is registered', async () => {
    const { BaselineId } = await server().ssm.send(new GetDefaultPatchBaselineCommand({ OperatingSystem: 'DEBIAN' }));
    expect(await baselineOf('Nobody', 'DEBIAN')).toBe(BaselineId);
    const windows = await server().ssm.send(new GetPatchBaselineForPatchGroupCommand({ PatchGroup: 'Nobody' }));
    expect(windows).toMatchObject({ PatchGroup: 'Nobody', OperatingSystem: 'WINDOWS' });
  });

  it('take a predefined baseline by its ARN', async () => {
    const { BaselineId: arn = '' } = await server().ssm.send(
      new GetDefaultPatchBaselineCommand({ OperatingSystem: 'DEBIAN' }),
    );
    await register(arn, 'Predefined');
    expect(await baselineOf('Predefined', 'DEBIAN')).toBe(arn);
  });

  it('are refused for a baseline that does not exist', async () => {
    await expect(register('pb-00000000000000000', 'Web')).rejects.toMatchObject({ name: 'DoesNotExistException' });
  });

  it('number 25 at most for one baseline', async () => {
    const baselineId = await createBaseline('many-groups');
    for (let index = 0; index < 25; index += 1) await register(baselineId, `many-${index}`);
    await expect(register(baselineId, 'one-more')).rejects.toMatchObject({ name: 'ResourceLimitExceededException' });
    await register(baselineId, 'many-7');
  });

  it('never name a baseline that was deleted at the same moment', async () => {
    for (let round = 0; round < 12; round += 1) {
      const baselineId = await createBaseline(`race-${round}`);
      const [registered, deleted] = await Promise.allSettled([
        register(baselineId, `race-${round}`),
        server().ssm.send(new DeletePatchBaselineCommand({ BaselineId: baselineId })),
      ]);
      expect([registered.status, deleted.status].toSorted()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it.each(['PatchGroup', 'Patch Group'])('count for nodes with the tag key %s', async (key) => {
    const group = `by ${key}`;
    const baselineId = await createBaseline(`by-${key.replace(' ', '-')}`);
    await register(baselineId, group);
    const node = await enrolNode(server(), { tags: { [key]: group } });
    const factsId = await node.submitFacts(sampleFacts());
    const begun = await node.patchbay(BeginPatchOperation, {
      factsId,
      operation: 'Scan',
      commandId: null,
      rebootOption: 'NoReboot',
      snapshotId: '',
    });
    expect(begun.baseline.baselineId).toBe(baselineId);
  });

  it('change with the tags of a node from one verdict to the next', async () => {
    const baselineId = await createBaseline('moving');
    await register(baselineId, 'Moving');
    const node = await enrolNode(server());
    await node.submitFacts(sampleFacts());
    const verdict = async () => {
      const answer = await server().call(
        'Patchbay.GetNodeVerdict',
        { instanceId: node.instanceId },
        { service: 'patchbay' },
      );
      const { patchGroup, verdict: found } = GetNodeVerdict.output.parse(readSuccess(answer));
      return { patchGroup, baselineId: found.baselineId };
    };
    const before = await verdict();
    expect(before.patchGroup).toBe('');
    const resource = { ResourceType: 'ManagedInstance', ResourceId: node.instanceId } as const;
    await server().ssm.send(
      new AddTagsToResourceCommand({ ...resource, Tags: [{ Key: 'Patch Group', Value: 'Moving' }] }),
    );
    expect(await verdict()).toEqual({ patchGroup: 'Moving', baselineId });
    await server().ssm.send(
      new AddTagsToResourceCommand({ ...resource, Tags: [{ Key: 'PatchGroup', Value: 'Nobody' }] }),
    );
    expect(await verdict()).toEqual({ patchGroup: 'Nobody', baselineId: before.baselineId });
    await server().ssm.send(new RemoveTagsFromResourceCommand({ ...resource, TagKeys: ['PatchGroup', 'Patch Group'] }));
    expect(await verdict()).toEqual(before);
  });

  it('are taken away from a baseline, which is no error when they are not there', async () => {
    const [mine, other] = [await createBaseline('dereg-1'), await createBaseline('dereg-2')];
    await register(mine, 'Dereg');
    const deregister = async (BaselineId: string, PatchGroup = 'Dereg') =>
      await server().ssm.send(new DeregisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup }));
    await deregister(other);
    expect(await baselineOf('Dereg', 'DEBIAN')).toBe(mine);
    expect(await deregister(mine)).toMatchObject({ BaselineId: mine, PatchGroup: 'Dereg' });
    expect(await baselineOf('Dereg', 'DEBIAN')).toContain('arn:aws:ssm:us-east-1:');
    await deregister(mine);
    await deregister('pb-00000000000000000');
    await expect(deregister('something-of-twenty-letters')).rejects.toMatchObject({ name: 'InvalidResourceId' });
    await register(other, 'Dereg');
    const { BaselineId: arn = '' } = await server().ssm.send(
      new GetDefaultPatchBaselineCommand({ OperatingSystem: 'SUSE' }),
    );
    await register(arn, 'Dereg');
    expect(await baselineOf('Dereg', 'SUSE')).toBe(arn);
    await deregister(arn);
    await expect(deregister(arn.replace('us-east-1', 'eu-west-1'))).rejects.toMatchObject({
      name: 'DoesNotExistException',
    });
  });
});

describe('listing patch groups', () => {
  const server = withTestServer();

  async function list(input: DescribePatchGroupsCommandInput = {}): Promise<string[]> {
    const found: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await server().ssm.send(new DescribePatchGroupsCommand({ ...input, NextToken }));
      expect(page.Mappings?.length).toBeLessThanOrEqual(input.MaxResults ?? 100);
      found.push(
        ...(page.Mappings ?? []).map(
          ({ PatchGroup, BaselineIdentity }) => `${PatchGroup} ${BaselineIdentity?.OperatingSystem}`,
        ),
      );
      NextToken = page.NextToken;
    } while (NextToken);
    return found;
  }

  beforeAll(async () => {
    for (const [Name, system, groups] of [
      ['debian', 'DEBIAN', ['Web', 'Db', 'Web-2', 'a b', 'Öl']],
      ['ubuntu', 'UBUNTU', ['Web', 'Db']],
    ] as const) {
      const { BaselineId } = await server().ssm.send(
        new CreatePatchBaselineCommand({ Name, OperatingSystem: system, Description: 'Ours' }),
      );
      for (const PatchGroup of groups) {
        await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup }));
      }
    }
  });

  it('shows each registration with its baseline', async () => {
    expect(await list()).toEqual([
      'Db DEBIAN',
      'Db UBUNTU',
      'Web DEBIAN',
      'Web UBUNTU',
      'Web-2 DEBIAN',
      'a b DEBIAN',
      'Öl DEBIAN',
    ]);
    const { Mappings } = await server().ssm.send(
      new DescribePatchGroupsCommand({ Filters: [{ Key: 'NAME_PREFIX', Values: ['Öl'] }] }),
    );
    expect(Mappings).toEqual([
      {
        PatchGroup: 'Öl',
        BaselineIdentity: {
          BaselineId: expect.stringMatching(/^pb-/),
          BaselineName: 'debian',
          BaselineDescription: 'Ours',
          OperatingSystem: 'DEBIAN',
          DefaultBaseline: false,
        },
      },
    ]);
  });

  it('filters by beginnings and operating systems, all of them together', async () => {
    expect(await list({ Filters: [{ Key: 'NAME_PREFIX', Values: ['Web', 'a'] }] })).toEqual([
      'Web DEBIAN',
      'Web UBUNTU',
      'Web-2 DEBIAN',
      'a b DEBIAN',
    ]);
    expect(
      await list({
        Filters: [
          { Key: 'NAME_PREFIX', Values: ['Web'] },
          { Key: 'OPERATING_SYSTEM', Values: ['UBUNTU'] },
        ],
      }),
    ).toEqual(['Web UBUNTU']);
    expect(await list({ Filters: [{ Key: 'NAME_PREFIX', Values: ['%'] }] })).toEqual([]);
  });

  it('shows each once however small the pages are', async () => {
    const whole = await list();
    for (const MaxResults of [1, 2, 3]) expect(await list({ MaxResults })).toEqual(whole);
  });

  it('is refused with what it does not know', async () => {
    for (const Filters of [
      [{ Key: 'OWNER', Values: ['Self'] }],
      [{ Key: 'OPERATING_SYSTEM', Values: ['PLAN9'] }],
      [{ Key: 'NAME_PREFIX', Values: [] }],
      [{ Key: 'NAME_PREFIX' }],
    ]) {
      await expect(list({ Filters })).rejects.toMatchObject({ name: 'ValidationException' });
    }
    await expect(list({ MaxResults: 101 })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(
      server().ssm.send(new DescribePatchGroupsCommand({ NextToken: 'bm90IGEgdG9rZW4' })),
    ).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });
});
