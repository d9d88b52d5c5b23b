import {
  AddTagsToResourceCommand,
  CreateDocumentCommand,
  CreatePatchBaselineCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
  type ResourceTypeForTagging,
  type Tag,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { enrolNode } from '../../../test-support/test-node.ts';
import { OTHER_REGION, TEST_REGION, withTestServer } from '../../../test-support/test-server.ts';
import { writeTags } from './repository.ts';

describe('tags', () => {
  const server = withTestServer();

  async function add(ResourceId: string, Tags: Tag[], ResourceType: ResourceTypeForTagging = 'ManagedInstance') {
    await server().ssm.send(new AddTagsToResourceCommand({ ResourceType, ResourceId, Tags }));
  }
  async function list(ResourceId: string, ResourceType: ResourceTypeForTagging = 'ManagedInstance') {
    const answer = await server().ssm.send(new ListTagsForResourceCommand({ ResourceType, ResourceId }));
    return answer.TagList;
  }

  it('are added, overwritten and removed, one key at a time', async () => {
    const { instanceId } = await enrolNode(server());
    await add(instanceId, [
      { Key: 'Patch Group', Value: 'Web' },
      { Key: 'Stage', Value: 'test' },
    ]);
    await add(instanceId, [{ Key: 'Stage', Value: '' }]);
    expect(await list(instanceId)).toEqual([
      { Key: 'Patch Group', Value: 'Web' },
      { Key: 'Stage', Value: '' },
    ]);
    await server().ssm.send(
      new RemoveTagsFromResourceCommand({
        ResourceType: 'ManagedInstance',
        ResourceId: instanceId,
        TagKeys: ['Stage', 'NeverThere'],
      }),
    );
    expect(await list(instanceId)).toEqual([{ Key: 'Patch Group', Value: 'Web' }]);
  });

  it('belong to baselines as well, from their creation on', async () => {
    const { BaselineId = '' } = await server().ssm.send(
      new CreatePatchBaselineCommand({
        Name: 'tagged',
        OperatingSystem: 'DEBIAN',
        Tags: [{ Key: 'Owner', Value: 'ops' }],
      }),
    );
    expect(await list(BaselineId, 'PatchBaseline')).toEqual([{ Key: 'Owner', Value: 'ops' }]);
  });

  it('number fifty at most, those that are overwritten not counted twice', async () => {
    const { instanceId } = await enrolNode(server());
    const fifty = Array.from({ length: 50 }, (_, index) => ({ Key: `key-${index}`, Value: 'a' }));
    await add(instanceId, fifty);
    await add(instanceId, [{ Key: 'key-7', Value: 'b' }]);
    await expect(add(instanceId, [{ Key: 'one-more', Value: '' }])).rejects.toMatchObject({ name: 'TooManyTagsError' });
    expect(await list(instanceId)).toHaveLength(50);
  });

  it('may not begin with aws: in any case', async () => {
    const { instanceId } = await enrolNode(server());
    await expect(add(instanceId, [{ Key: 'AWS:x', Value: '' }])).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(
      server().ssm.send(
        new CreatePatchBaselineCommand({
          Name: 'reserved',
          OperatingSystem: 'DEBIAN',
          Tags: [{ Key: 'aws:x', Value: '' }],
        }),
      ),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('that were left by a resource of the same name are not those of a new one', async () => {
    const { accountId, database } = server();
    const left = ['Document', 'Parameter'].map((resourceType) => ({ resourceType, resourceId: 'again' }));
    // As a call leaves them whose resource is deleted between its check and its writing.
    for (const resource of left)
      await writeTags(database, { accountId, region: TEST_REGION }, resource, { old: 'yes' });
    const Tags = [{ Key: 'new', Value: 'yes' }];
    await server().ssm.send(new PutParameterCommand({ Name: 'again', Value: 'x', Type: 'String', Tags }));
    const step = { action: 'aws:runShellScript', name: 'run', inputs: { runCommand: ['true'] } };
    const Content = JSON.stringify({ schemaVersion: '2.2', mainSteps: [step] });
    const created = await server().ssm.send(new CreateDocumentCommand({ Name: 'again', Content, Tags }));
    expect(created.DocumentDescription?.Tags).toEqual(Tags);
    expect(await list('again', 'Document')).toEqual(Tags);
    expect(await list('again', 'Parameter')).toEqual(Tags);
  });

  it('are refused for what does not exist, here or in this region', async () => {
    await expect(add('mi-00000000000000000', [{ Key: 'a', Value: '' }])).rejects.toMatchObject({
      name: 'InvalidResourceId',
    });
    await expect(list('mw-00000000000000000', 'MaintenanceWindow')).rejects.toMatchObject({
      name: 'InvalidResourceId',
    });
    await expect(list('pb-00000000000000000', 'PatchBaseline')).rejects.toMatchObject({ name: 'InvalidResourceId' });
    const elsewhere = await enrolNode(server(), { region: OTHER_REGION });
    await expect(list(elsewhere.instanceId)).rejects.toMatchObject({ name: 'InvalidResourceId' });
    await expect(list('oi-000000000000', 'OpsItem')).rejects.toMatchObject({
      name: 'InvalidResourceType',
    });
  });
});
