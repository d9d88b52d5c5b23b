import {
  type ImagebuilderClient,
  ListComponentBuildVersionsCommand,
  ListComponentsCommand,
  type ListComponentsCommandInput,
  paginateListComponentBuildVersions,
  paginateListComponents,
} from '@aws-sdk/client-imagebuilder';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPerson } from '../../../test-support/test-people.ts';
import { TEST_START, withTestServer } from '../../../test-support/test-server.ts';
import { addComponent, componentData } from './components.test-support.ts';

/** `name/version` of each in the list, or only what comes last in its ARN. */
async function list(client: ImagebuilderClient, input: ListComponentsCommandInput = {}) {
  const { componentVersionList = [] } = await client.send(new ListComponentsCommand(input));
  return componentVersionList.map(({ arn = '' }) => arn.slice(arn.indexOf('component/') + 10));
}

const testData = componentData('test').replace('name: build', 'name: test');

describe('the list of components', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  let limited: ImagebuilderClient;
  const arnOf = (id: string) => `arn:aws:imagebuilder:us-east-1:${server().accountId}:component/${id}`;
  const filtered = (name: string, ...values: string[]) => list(client, { filters: [{ name, values }] });

  beforeAll(async () => {
    client = server().createImageBuilderClient();
    const web = { PatchGroup: 'web' };
    await addComponent(client, { name: 'Gamma', tags: web });
    await addComponent(client, { name: 'alpha', semanticVersion: '1.10.0', data: testData });
    await addComponent(client, { name: 'alpha', semanticVersion: '1.9.0', supportedOsVersions: ['Debian 12'] });
    await addComponent(client, { name: 'alpha', semanticVersion: '2.0.0', tags: web, description: 'seen' });
    await addComponent(client, { name: 'alpha', semanticVersion: '2.0.0', description: 'newest' });
    const person = await createPerson(server(), 'limited', 'operator', [{ key: 'PatchGroup', values: ['web'] }]);
    limited = server().createImageBuilderClient(person);
  });

  it('has a version once, as its newest build is', async () => {
    expect(await list(client)).toEqual(['alpha/1.9.0', 'alpha/1.10.0', 'alpha/2.0.0', 'gamma/1.0.0']);
    const { componentVersionList } = await client.send(
      new ListComponentsCommand({ filters: [{ name: 'version', values: ['2.0.0'] }] }),
    );
    expect(componentVersionList).toEqual([
      {
        arn: arnOf('alpha/2.0.0'),
        name: 'alpha',
        version: '2.0.0',
        description: 'newest',
        platform: 'Linux',
        type: 'BUILD',
        owner: server().accountId,
        status: 'ACTIVE',
        dateCreated: TEST_START.toISOString(),
      },
    ]);
  });

  it('has a name once when it is asked for by name', async () => {
    expect(await list(client, { byName: true })).toEqual(['alpha/2.0.0', 'gamma/1.0.0']);
  });

  it('shows what the filters let through', async () => {
    expect(await filtered('name', 'Gamma', 'none')).toEqual(['gamma/1.0.0']);
    expect(await filtered('name', 'gamma')).toEqual([]);
    expect(await filtered('description', 'newest')).toEqual(['alpha/2.0.0']);
    expect(await filtered('description', 'seen')).toEqual([]);
    expect(await filtered('type', 'TEST')).toEqual(['alpha/1.10.0']);
    expect(await filtered('platform', 'Windows')).toEqual([]);
    expect(await filtered('supportedOsVersion', 'Debian 12', 'Debian 13')).toEqual(['alpha/1.9.0']);
    expect(await filtered('version', '1.x.x')).toEqual(['alpha/1.9.0', 'alpha/1.10.0', 'gamma/1.0.0']);
    expect(await filtered('version', '1.9.x', '2.0.0')).toEqual(['alpha/1.9.0', 'alpha/2.0.0']);
    const filters = [
      { name: 'name', values: ['alpha'] },
      { name: 'version', values: ['1.x.x'] },
    ];
    expect(await list(client, { filters, byName: true })).toEqual(['alpha/1.10.0']);
    for (const filter of [
      { name: 'version', values: ['1'] },
      { name: 'arn', values: ['x'] },
    ]) {
      await expect(list(client, { filters: [filter] })).rejects.toMatchObject({
        name: 'InvalidParameterValueException',
      });
    }
  });

  it('comes in pages', async () => {
    const pagesOf = async (input: ListComponentsCommandInput) => {
      const pages: (string | undefined)[][] = [];
      for await (const page of paginateListComponents({ client, pageSize: 3 }, input)) {
        pages.push((page.componentVersionList ?? []).map(({ name, version }) => `${name} ${version}`));
      }
      return pages;
    };
    expect(await pagesOf({})).toEqual([['alpha 1.9.0', 'alpha 1.10.0', 'alpha 2.0.0'], ['Gamma 1.0.0']]);
    const firstByName = await client.send(new ListComponentsCommand({ byName: true, maxResults: 1 }));
    const { nextToken = '' } = firstByName;
    expect(await list(client, { byName: true, maxResults: 1, nextToken })).toEqual(['gamma/1.0.0']);
    await expect(list(client, { nextToken })).rejects.toMatchObject({ name: 'InvalidPaginationTokenException' });
    const managed = await pagesOf({ owner: 'Amazon' });
    expect(managed).toEqual([['hello-world-linux 1.0.0', 'simple-boot-test-linux 1.0.0', 'update-linux 1.0.0']]);
  });

  it('is of one owner', async () => {
    const ofAmazon = (input: ListComponentsCommandInput = {}) => list(client, { ...input, owner: 'Amazon' });
    expect(await ofAmazon({ filters: [{ name: 'type', values: ['TEST'] }] })).toEqual(['simple-boot-test-linux/1.0.0']);
    expect(await ofAmazon({ filters: [{ name: 'version', values: ['2.x.x'] }] })).toEqual([]);
    const { nextToken = '' } = await client.send(new ListComponentsCommand({ owner: 'Amazon', maxResults: 2 }));
    expect(await ofAmazon({ maxResults: 2, nextToken })).toEqual(['update-linux/1.0.0']);
    for (const owner of ['Shared', 'ThirdParty', 'AWSMarketplace'] as const) {
      expect(await list(client, { owner })).toEqual([]);
    }
  });

  it('shows who is limited by tags the builds that carry them, and what belongs to everybody', async () => {
    expect(await list(limited)).toEqual(['alpha/2.0.0', 'gamma/1.0.0']);
    const { componentVersionList } = await limited.send(new ListComponentsCommand({}));
    expect(componentVersionList?.[0]?.description).toBe('seen');
    expect(await list(limited, { owner: 'Amazon' })).toHaveLength(3);
    const builds = await limited.send(
      new ListComponentBuildVersionsCommand({ componentVersionArn: arnOf('alpha/2.0.0') }),
    );
    expect(builds.componentSummaryList?.map(({ arn }) => arn)).toEqual([arnOf('alpha/2.0.0/1')]);
  });

  it('goes on to the builds of a version', async () => {
    const pages: (string | undefined)[][] = [];
    const componentVersionArn = arnOf('alpha/2.0.0');
    for await (const page of paginateListComponentBuildVersions({ client, pageSize: 1 }, { componentVersionArn })) {
      pages.push((page.componentSummaryList ?? []).map(({ arn }) => arn));
    }
    expect(pages).toEqual([[arnOf('alpha/2.0.0/1')], [arnOf('alpha/2.0.0/2')]]);
    const { componentSummaryList } = await client.send(
      new ListComponentBuildVersionsCommand({ componentVersionArn, maxResults: 1 }),
    );
    expect(componentSummaryList).toEqual([
      {
        arn: arnOf('alpha/2.0.0/1'),
        name: 'alpha',
        version: '2.0.0',
        description: 'seen',
        platform: 'Linux',
        type: 'BUILD',
        owner: server().accountId,
        state: { status: 'ACTIVE' },
        tags: { PatchGroup: 'web' },
        dateCreated: TEST_START.toISOString(),
      },
    ]);
    const none = new ListComponentBuildVersionsCommand({ componentVersionArn: arnOf('none/1.0.0') });
    expect((await client.send(none)).componentSummaryList).toEqual([]);
    const managed = arnOf('update-linux/1.0.0').replace(server().accountId, 'aws');
    const ofManaged = await client.send(new ListComponentBuildVersionsCommand({ componentVersionArn: managed }));
    expect(ofManaged.componentSummaryList?.map(({ arn }) => arn)).toEqual([`${managed}/1`]);
  });
});
