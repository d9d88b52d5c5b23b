import {
  CreateContainerRecipeCommand,
  DeleteImageCommand,
  GetImagePolicyCommand,
  type ImagebuilderClient,
  ListImageBuildVersionsCommand,
  ListImagePackagesCommand,
  ListImageScanFindingAggregationsCommand,
  ListImageScanFindingsCommand,
  ListImagesCommand,
  PutImagePolicyCommand,
  UpdateInfrastructureConfigurationCommand,
} from '@aws-sdk/client-imagebuilder';
import { GetImageBuildRecord } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { installedPackage, sampleFacts } from '../../../test-support/sample-facts.ts';
import type { TestNode } from '../../../test-support/test-node.ts';
import { callPatchbay, createPerson } from '../../../test-support/test-people.ts';
import { withTestServer } from '../../../test-support/test-server.ts';
import { addComponent, componentData } from '../components/components.test-support.ts';
import { createParts, type PipelineParts } from '../pipelines/pipelines.test-support.ts';
import { addContainerRecipe, addImageRecipe } from '../recipes/recipes.test-support.ts';
import {
  buildNext,
  createImageOf,
  digestOf,
  enrolBuilder,
  readImage,
  takeBuildOf,
  takeOrder,
} from './images.test-support.ts';

describe('images', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  let builder: TestNode;
  let parts: PipelineParts;

  beforeAll(async () => {
    client = server().createImageBuilderClient();
    builder = await enrolBuilder(server());
    parts = await createParts(client, 'plain');
  });

  const arnOf = (id: string) => `arn:aws:imagebuilder:us-east-1:${server().accountId}:image/${id}`;

  /** A build of another recipe on the same infrastructure, sent where the recipe says. */
  async function buildOf(recipe: Parameters<typeof addContainerRecipe>[1], tags?: Record<string, string>) {
    const containerRecipeArn = await addContainerRecipe(client, recipe);
    const { infrastructureConfigurationArn } = parts;
    return await createImageOf(client, { containerRecipeArn, infrastructureConfigurationArn, tags });
  }

  describe('that are asked for', () => {
    it('keep copies of what they are made from, whatever becomes of it', async () => {
      const arn = await createImageOf(client, { ...parts, tags: { stage: 'test' } });
      expect(arn).toBe(arnOf('plain/1.0.0/1'));
      const image = await readImage(client, arn);
      expect(image).toMatchObject({
        arn,
        name: 'plain',
        type: 'DOCKER',
        version: '1.0.0/1',
        platform: 'Linux',
        buildType: 'USER_INITIATED',
        imageSource: 'CUSTOM',
        state: { status: 'PENDING', reason: 'It waits for a builder.' },
        enhancedImageMetadataEnabled: true,
        containerRecipe: { arn: parts.containerRecipeArn, tags: { made: 'for a test' } },
        infrastructureConfiguration: { arn: parts.infrastructureConfigurationArn, instanceProfileName: 'builders' },
        distributionConfiguration: { arn: parts.distributionConfigurationArn, timeoutMinutes: 360 },
        outputResources: { containers: [] },
        dateCreated: server().now().toISOString(),
        tags: { stage: 'test' },
      });
      await client.send(
        new UpdateInfrastructureConfigurationCommand({
          infrastructureConfigurationArn: parts.infrastructureConfigurationArn,
          instanceProfileName: 'others',
        }),
      );
      expect(await readImage(client, arn)).toEqual(image);
      await takeBuildOf(builder);
    });

    it('are ordered with every wildcard resolved as it is then, targets and tags', async () => {
      await addComponent(client, { name: 'app', data: componentData('old') });
      await addComponent(client, { name: 'app', semanticVersion: '1.2.0', data: componentData('new') });
      const arn = await buildOf({
        name: 'ordered',
        components: [{ componentArn: arnOf('').replace(':image/', ':component/app/1.x.x') }],
        tags: { PatchGroup: 'golden', 'patchbay:allowed-hosts': 'deb.example, files.example:8080' },
      });
      await addComponent(client, { name: 'app', semanticVersion: '1.3.0', data: componentData('newest') });
      expect(await takeBuildOf(builder)).toMatchObject({
        imageBuildVersionArn: arn,
        name: 'ordered',
        version: '1.0.0/1',
        parent: { kind: 'managed', name: 'debian-12-x86' },
        components: [{ name: 'app', version: '1.2.0/1', data: componentData('new'), parameters: {} }],
        isTested: true,
        targets: [{ region: 'us-east-1', repository: 'team/app', tags: ['1.0.0-1'] }],
        allowedHosts: ['deb.example', 'files.example:8080'],
      });
      const { patchGroup } = await callPatchbay(server(), GetImageBuildRecord, { imageBuildVersionArn: arn });
      expect(patchGroup).toBe('golden');
    });

    it('are sent where the distribution configuration says, without tests where they are turned off', async () => {
      await createImageOf(client, { ...parts, imageTestsConfiguration: { imageTestsEnabled: false } });
      expect(await takeBuildOf(builder)).toMatchObject({
        isTested: false,
        targets: [{ region: 'us-east-1', repository: 'registry.example/web', tags: ['1.0.0-2'] }],
      });
    });

    it('are numbered one by one, and the number of a deleted one is never given again', async () => {
      const numbered = await createParts(client, 'numbered');
      const arns = await Promise.all(Array.from({ length: 6 }, async () => await createImageOf(client, numbered)));
      expect([...arns].sort()).toEqual([1, 2, 3, 4, 5, 6].map((build) => arnOf(`numbered/1.0.0/${build}`)));
      for (const _ of arns) await buildNext(builder, 'failed');
      await client.send(new DeleteImageCommand({ imageBuildVersionArn: arnOf('numbered/1.0.0/6') }));
      expect(await createImageOf(client, numbered)).toBe(arnOf('numbered/1.0.0/7'));
      await buildNext(builder);
    });

    it('must have a container recipe and what else they refer to', async () => {
      const imageRecipeArn = await addImageRecipe(client, { name: 'disk' });
      const { infrastructureConfigurationArn, containerRecipeArn } = parts;
      const ask = async (input: Partial<PipelineParts> & { imageRecipeArn?: string }) =>
        await createImageOf(client, { infrastructureConfigurationArn, ...input });
      await expect(ask({})).rejects.toMatchObject({ name: 'InvalidParameterCombinationException' });
      await expect(ask({ imageRecipeArn })).rejects.toMatchObject({
        name: 'InvalidRequestException',
        message: expect.stringContaining('Disk images cannot be built yet'),
      });
      const gone = containerRecipeArn.replace('plain', 'gone');
      await expect(ask({ containerRecipeArn: gone })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      const elsewhere = infrastructureConfigurationArn.replace('plain', 'gone');
      await expect(ask({ containerRecipeArn, infrastructureConfigurationArn: elsewhere })).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
      const own = arnOf('own/1.0.0').replace(':image/', ':workflow/build/');
      const ofAws = own.replace(server().accountId, 'aws');
      const withWorkflow = async (workflowArn: string) =>
        await createImageOf(client, { ...parts, workflows: [{ workflowArn }], executionRole: 'builder' });
      await expect(withWorkflow(own)).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
      expect(await takeOrder(builder)).toBeNull();
      await withWorkflow(ofAws);
      expect(await takeOrder(builder)).not.toBeNull();
    });

    it('build upon the newest own image that is available', async () => {
      const base = await createParts(client, 'base');
      const parentImage = arnOf('base/x.x.x');
      await createImageOf(client, base);
      await expect(buildOf({ name: 'upon', parentImage })).rejects.toMatchObject({
        name: 'InvalidRequestException',
        message: `The parent image ${arnOf('base/1.0.0/1')} is PENDING: an image can be built only upon one that is AVAILABLE.`,
      });
      await buildNext(builder);
      await createImageOf(client, base);
      await buildNext(builder, 'failed');
      await createImageOf(client, base);
      await takeBuildOf(builder);
      await buildOf({ name: 'upon', semanticVersion: '1.0.1', parentImage });
      expect(await takeBuildOf(builder)).toMatchObject({
        parent: { kind: 'reference', reference: `registry.example/web@${digestOf('a')}` },
      });
    });
  });

  describe('that are looked at', () => {
    beforeAll(async () => {
      const versions = ['1.0.0', '1.2.0', '1.10.0', '2.0.0'];
      for (const semanticVersion of versions) await buildOf({ name: 'listed', semanticVersion }, { team: 'web' });
      const recipe = new CreateContainerRecipeCommand({
        name: 'listed',
        semanticVersion: '2.0.1',
        containerType: 'DOCKER',
        parentImage: 'debian:12',
        targetRepository: { service: 'ECR', repositoryName: 'team/app' },
      });
      const { containerRecipeArn } = await client.send(recipe);
      const { infrastructureConfigurationArn } = parts;
      for (const team of ['db', 'web', 'db']) {
        await createImageOf(client, { containerRecipeArn, infrastructureConfigurationArn, tags: { team } });
      }
      for (let count = 0; count < 7; count += 1) await buildNext(builder);
    });

    it('are found by version, wildcard and build, with references to the newest', async () => {
      const versionOf = async (id: string) => (await readImage(client, arnOf(id))).version;
      expect(await versionOf('listed/x.x.x')).toBe('2.0.1/3');
      expect(await versionOf('listed/1.x.x')).toBe('1.10.0/1');
      expect(await versionOf('listed/1.2.x')).toBe('1.2.0/1');
      expect(await versionOf('listed/2.0.1')).toBe('2.0.1/3');
      expect(await versionOf('listed/2.0.1/2')).toBe('2.0.1/2');
      for (const id of ['listed/3.x.x', 'listed/2.0.1/4', 'none/x.x.x']) {
        await expect(readImage(client, arnOf(id))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      }
    });

    const listed = { filters: [{ name: 'name', values: ['listed'] }] };
    const versionsOf = async (by = client, input: object = listed) => {
      const found: (string | undefined)[] = [];
      let nextToken: string | undefined;
      do {
        const page = await by.send(new ListImagesCommand({ ...input, maxResults: 2, nextToken }));
        expect(page.imageVersionList?.length).toBeLessThanOrEqual(2);
        found.push(...(page.imageVersionList ?? []).map(({ version }) => version));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return found;
    };

    it('are listed by version, newest first, page by page', async () => {
      expect(await versionsOf()).toEqual(['2.0.1', '2.0.0', '1.10.0', '1.2.0', '1.0.0']);
      const [first] = (await client.send(new ListImagesCommand(listed))).imageVersionList ?? [];
      expect(first).toMatchObject({ arn: arnOf('listed/2.0.1'), owner: server().accountId, type: 'DOCKER' });
    });

    it('are filtered by what the reference names, and by nothing else', async () => {
      const filtered = async (name: string, ...values: string[]) =>
        await versionsOf(client, { filters: [...listed.filters, { name, values }] });
      expect(await filtered('version', '1.2.0', '2.0.0', '9.9.9')).toEqual(['2.0.0', '1.2.0']);
      expect(await filtered('platform', 'Windows')).toEqual([]);
      expect(await filtered('type', 'AMI', 'DOCKER')).toHaveLength(5);
      expect(await filtered('osVersion', 'Debian GNU/Linux 12')).toHaveLength(5);
      expect(await filtered('osVersion', 'Debian GNU/Linux 1')).toEqual([]);
      await expect(filtered('state', 'AVAILABLE')).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
      expect((await client.send(new ListImagesCommand({ owner: 'Amazon' }))).imageVersionList).toEqual([]);
    });

    const buildsOf = async (by: ImagebuilderClient) => {
      const input = { imageVersionArn: arnOf('listed/2.0.1') };
      const { imageSummaryList = [] } = await by.send(new ListImageBuildVersionsCommand(input));
      return imageSummaryList;
    };

    it('are listed by build, newest first', async () => {
      const builds = await buildsOf(client);
      expect(builds.map(({ version }) => version)).toEqual(['2.0.1/3', '2.0.1/2', '2.0.1/1']);
      expect(builds[0]).toMatchObject({
        arn: arnOf('listed/2.0.1/3'),
        state: { status: 'AVAILABLE' },
        tags: { team: 'db' },
      });
    });

    it('are shown to who is limited by tags as far as the tags reach', async () => {
      const credentials = await createPerson(server(), 'web-person', 'operator', [{ key: 'team', values: ['web'] }]);
      const limited = server().createImageBuilderClient(credentials);
      expect((await buildsOf(limited)).map(({ version }) => version)).toEqual(['2.0.1/2']);
      // The newest that is within reach stands for a version.
      expect(await versionsOf(limited)).toEqual(['2.0.1', '2.0.0', '1.10.0', '1.2.0', '1.0.0']);
      expect((await readImage(limited, arnOf('listed/2.0.1/2'))).tags).toEqual({ team: 'web' });
      await expect(readImage(limited, arnOf('listed/2.0.1/3'))).rejects.toMatchObject({
        name: 'AccessDeniedException',
      });
      expect((await readImage(limited, arnOf('listed/1.2.x'))).version).toBe('1.2.0/1');
      await expect(readImage(limited, arnOf('listed/2.0.1'))).rejects.toMatchObject({ name: 'AccessDeniedException' });
    });
  });

  it('tell what is installed in them, once it is known', async () => {
    const arn = await createImageOf(client, parts);
    const list = new ListImagePackagesCommand({ imageBuildVersionArn: arn });
    await expect(client.send(list)).rejects.toMatchObject({ name: 'InvalidRequestException' });
    const installed = [installedPackage('openssl', '3.0.1'), installedPackage('bash', '5.2')];
    await buildNext(builder, 'available', sampleFacts({ installed }));
    expect((await client.send(list)).imagePackageList).toEqual([
      { packageName: 'bash', packageVersion: '5.2' },
      { packageName: 'openssl', packageVersion: '3.0.1' },
    ]);
  });

  it('have a policy, which goes with them', async () => {
    const arn = await createImageOf(client, parts);
    const get = async () => (await client.send(new GetImagePolicyCommand({ imageArn: arn }))).policy;
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const policy = '{"Version":"2012-10-17","Statement":[]}';
    expect((await client.send(new PutImagePolicyCommand({ imageArn: arn, policy }))).imageArn).toBe(arn);
    expect(await get()).toBe(policy);
    await expect(client.send(new PutImagePolicyCommand({ imageArn: arn, policy: '[]' }))).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    await buildNext(builder);
    await client.send(new DeleteImageCommand({ imageBuildVersionArn: arn }));
    expect(await server().database.selectFrom('imageResourcePolicies').selectAll().execute()).toEqual([]);
  });

  it('have no findings of scans, whatever is asked for them', async () => {
    const filters = [{ name: 'imageBuildVersionArn', values: [arnOf('plain/1.0.0/1')] }];
    expect((await client.send(new ListImageScanFindingsCommand({ filters }))).findings).toEqual([]);
    expect(await client.send(new ListImageScanFindingAggregationsCommand({}))).toMatchObject({
      aggregationType: 'accountId',
      responses: [],
    });
    const [filter] = filters;
    expect(await client.send(new ListImageScanFindingAggregationsCommand({ filter }))).toMatchObject({
      aggregationType: 'imageBuildVersionArn',
    });
    const unknown = { name: 'accountIds', values: ['x'] };
    const refused = { name: 'InvalidParameterValueException' };
    await expect(client.send(new ListImageScanFindingsCommand({ filters: [unknown] }))).rejects.toMatchObject(refused);
    await expect(client.send(new ListImageScanFindingAggregationsCommand({ filter: unknown }))).rejects.toMatchObject(
      refused,
    );
  });

  it('are deleted when they have ended, and not before', async () => {
    const arn = await createImageOf(client, parts);
    const remove = async () => await client.send(new DeleteImageCommand({ imageBuildVersionArn: arn }));
    await expect(remove()).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await buildNext(builder);
    expect((await remove()).imageBuildVersionArn).toBe(arn);
    await expect(readImage(client, arn)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(remove()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
