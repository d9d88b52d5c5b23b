import {
  CreateInfrastructureConfigurationCommand,
  DeleteInfrastructureConfigurationCommand,
  GetInfrastructureConfigurationCommand,
  type ImagebuilderClient,
  ListInfrastructureConfigurationsCommand,
  ListTagsForResourceCommand,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateInfrastructureConfigurationCommand,
} from '@aws-sdk/client-imagebuilder';
import { BindUser } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { callPatchbay, createPerson } from '../../../test-support/test-people.ts';
import { OTHER_REGION, withTestServer } from '../../../test-support/test-server.ts';

async function create(client: ImagebuilderClient, name: string, tags?: Record<string, string>): Promise<string> {
  const { infrastructureConfigurationArn = '' } = await client.send(
    new CreateInfrastructureConfigurationCommand({ name, instanceProfileName: 'builders', ...(tags && { tags }) }),
  );
  return infrastructureConfigurationArn;
}

async function tag(client: ImagebuilderClient, resourceArn: string, tags: Record<string, string>) {
  await client.send(new TagResourceCommand({ resourceArn, tags }));
}

async function untag(client: ImagebuilderClient, resourceArn: string, ...tagKeys: string[]) {
  await client.send(new UntagResourceCommand({ resourceArn, tagKeys }));
}

async function list(client: ImagebuilderClient, resourceArn: string) {
  return (await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags;
}

describe('tags of resources of Image Builder', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;

  beforeAll(() => {
    client = server().createImageBuilderClient();
  });

  it('are added, overwritten and removed, whatever their keys hold', async () => {
    const arn = await create(client, 'tagged', { stage: 'test' });
    await tag(client, arn, { 'a key/with+signs:@ =': 'ü', stage: '' });
    expect(await list(client, arn)).toEqual({ 'a key/with+signs:@ =': 'ü', stage: '' });
    await untag(client, arn, 'a key/with+signs:@ =', 'never-there');
    expect(await list(client, arn)).toEqual({ stage: '' });
    const { infrastructureConfiguration } = await client.send(
      new GetInfrastructureConfigurationCommand({ infrastructureConfigurationArn: arn }),
    );
    expect(infrastructureConfiguration?.tags).toEqual({ stage: '' });
  });

  it('number fifty at most', async () => {
    const fifty = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key-${index}`, 'a']));
    const arn = await create(client, 'fifty', fifty);
    await expect(tag(client, arn, { 'one-more': '' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringContaining('50'),
    });
    expect(Object.keys((await list(client, arn)) ?? {})).toHaveLength(50);
  });

  it.each([
    ['what does not exist', 'infrastructure-configuration/none'],
    ['a kind of resource that there is not yet', 'component/none/1.0.0/1'],
  ])('are not found for %s', async (_title, path) => {
    const arn = `arn:aws:imagebuilder:us-east-1:${server().accountId}:${path}`;
    for (const call of [() => list(client, arn), () => tag(client, arn, { a: 'b' }), () => untag(client, arn, 'a')]) {
      await expect(call()).rejects.toBeInstanceOf(ResourceNotFoundException);
    }
  });

  it('are those of one region', async () => {
    const arn = await create(server().createImageBuilderClient(undefined, OTHER_REGION), 'elsewhere', { a: 'b' });
    await expect(list(client, arn)).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('are refused without a key, or for what is no ARN', async () => {
    const arn = await create(client, 'no-keys');
    for (const call of [() => tag(client, arn, {}), () => untag(client, arn), () => list(client, 'x')]) {
      await expect(call()).rejects.toMatchObject({ name: 'ValidationException' });
    }
  });
});

describe('an administrator who is limited by tags', () => {
  const server = withTestServer();
  let everybody: ImagebuilderClient;
  let limited: ImagebuilderClient;
  let web: string;
  let database: string;
  let untagged: string;

  beforeAll(async () => {
    everybody = server().createImageBuilderClient();
    web = await create(everybody, 'web', { team: 'web' });
    database = await create(everybody, 'database', { team: 'db' });
    untagged = await create(everybody, 'untagged');
    const limits = [{ key: 'team', values: ['web'] }];
    limited = server().createImageBuilderClient(await createPerson(server(), 'limited', 'administrator', limits));
  });

  const update = (client: ImagebuilderClient, infrastructureConfigurationArn: string) =>
    client.send(
      new UpdateInfrastructureConfigurationCommand({ infrastructureConfigurationArn, instanceProfileName: 'changed' }),
    );
  const remove = (client: ImagebuilderClient, infrastructureConfigurationArn: string) =>
    client.send(new DeleteInfrastructureConfigurationCommand({ infrastructureConfigurationArn }));
  const read = (client: ImagebuilderClient, infrastructureConfigurationArn: string) =>
    client.send(new GetInfrastructureConfigurationCommand({ infrastructureConfigurationArn }));

  it('lists, reads and changes only what carries the tags', async () => {
    const found = await limited.send(new ListInfrastructureConfigurationsCommand({}));
    expect(found.infrastructureConfigurationSummaryList?.map(({ arn }) => arn)).toEqual([web]);
    await read(limited, web);
    await update(limited, web);
    expect(await list(limited, web)).toEqual({ team: 'web' });
    for (const arn of [database, untagged, `${web}-that-is-not-there`]) {
      for (const call of [read, update, remove, list]) {
        await expect(call(limited, arn)).rejects.toMatchObject({
          name: 'AccessDeniedException',
          message: expect.stringContaining(arn),
          $metadata: { httpStatusCode: 403 },
        });
      }
    }
    const denied = await server().auditEvents('imagebuilder:UpdateInfrastructureConfiguration');
    expect(denied.filter(({ resource }) => resource === database)).toMatchObject([{ result: 'AccessDeniedException' }]);
  });

  it('gives nobody, not even himself, a resource by tagging it', async () => {
    for (const call of [
      () => create(limited, 'mine', { team: 'web' }),
      () => tag(limited, database, { team: 'web' }),
      () => untag(limited, web, 'team'),
    ]) {
      await expect(call()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    }
  });

  it('deletes what carries the tags', async () => {
    const spare = await create(everybody, 'spare', { team: 'web' });
    await remove(limited, spare);
    await expect(read(everybody, spare)).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('who audits everything besides sees everything and changes no more', async () => {
    const person = await createPerson(server(), 'both', 'administrator', [{ key: 'team', values: ['web'] }]);
    await callPatchbay(server(), BindUser, { userName: 'both', role: 'auditor' });
    const client = server().createImageBuilderClient(person);
    const found = await client.send(new ListInfrastructureConfigurationsCommand({}));
    expect(found.infrastructureConfigurationSummaryList).toHaveLength(3);
    await read(client, database);
    await expect(update(client, database)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});
