import {
  CreateContainerRecipeCommand,
  type CreateContainerRecipeCommandInput,
  DeleteContainerRecipeCommand,
  GetContainerRecipeCommand,
  GetContainerRecipePolicyCommand,
  type ImagebuilderClient,
  ListTagsForResourceCommand,
  PutContainerRecipePolicyCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-imagebuilder';
import { defaultDockerfileTemplate } from '@patchbay/patching';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultQuotas } from '../../../quotas.ts';
import { OTHER_REGION, TEST_START, withTestServer } from '../../../test-support/test-server.ts';
import { addComponent, componentData } from '../components/components.test-support.ts';
import { addContainerRecipe as add, debianArn } from '../recipes/recipes.test-support.ts';

type Input = CreateContainerRecipeCommandInput;

const withParameters = componentData('${{ Target }}').replace(
  'phases:',
  'parameters:\n  - Target: { type: string }\n  - Other: { type: string, default: x }\nphases:',
);
const updateLinux = { componentArn: 'arn:aws:imagebuilder:us-east-1:aws:component/update-linux/x.x.x' };

async function read(client: ImagebuilderClient, containerRecipeArn: string) {
  return await client.send(new GetContainerRecipeCommand({ containerRecipeArn }));
}

async function remove(client: ImagebuilderClient, containerRecipeArn: string) {
  return await client.send(new DeleteContainerRecipeCommand({ containerRecipeArn }));
}

describe('container recipes', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  let component: string;
  const own = (type: string, id: string) => `arn:aws:imagebuilder:us-east-1:${server().accountId}:${type}/${id}`;
  const arnOf = (id: string) => own('container-recipe', id);

  beforeAll(async () => {
    client = server().createImageBuilderClient();
    component = await addComponent(client, { name: 'with parameters', data: withParameters });
    await addComponent(client, { name: 'of debian 13', supportedOsVersions: ['Debian 13'] });
    await addComponent(client, {
      name: 'that reboots',
      data: 'schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - { name: Again, action: Reboot }\n',
    });
  });

  it('are created, read and deleted', async () => {
    const input = {
      containerType: 'DOCKER',
      name: 'Every Member_1',
      description: 'What it makes',
      semanticVersion: '1.2.3',
      components: [updateLinux, { componentArn: component, parameters: [{ name: 'Target', value: ['there'] }] }],
      instanceConfiguration: { image: 'ami-0123456789abcdef0', blockDeviceMappings: [{ deviceName: '/dev/xvda' }] },
      dockerfileTemplateData: `${defaultDockerfileTemplate}ENV A=b\n`,
      parentImage: debianArn,
      tags: { stage: 'test' },
      workingDirectory: '/var/tmp',
      targetRepository: { service: 'ECR', repositoryName: 'registry.example:5000/team/app' },
    } satisfies Input;
    const command = new CreateContainerRecipeCommand({
      ...input,
      platformOverride: 'Linux',
      imageOsVersionOverride: 'Debian 12',
      clientToken: 'whole',
    });
    const answer = await client.send(command);
    const arn = arnOf('every-member_1/1.2.3');
    const latestVersionReferences = {
      latestVersionArn: arnOf('every-member_1/x.x.x'),
      latestMajorVersionArn: arnOf('every-member_1/1.x.x'),
      latestMinorVersionArn: arnOf('every-member_1/1.2.x'),
      latestPatchVersionArn: arn,
    };
    expect(answer).toMatchObject({
      containerRecipeArn: arn,
      clientToken: 'whole',
      requestId: answer.$metadata.requestId,
      latestVersionReferences,
    });
    const { containerRecipe, latestVersionReferences: references } = await read(client, arn);
    expect(references).toEqual(latestVersionReferences);
    const { semanticVersion, ...rest } = input;
    expect(containerRecipe).toEqual({
      ...rest,
      arn,
      version: semanticVersion,
      platform: 'Linux',
      owner: server().accountId,
      encrypted: false,
      dateCreated: TEST_START.toISOString(),
    });
    expect((await client.send(new ListTagsForResourceCommand({ resourceArn: arn }))).tags).toEqual({ stage: 'test' });
    expect(await remove(client, arn)).toMatchObject({ containerRecipeArn: arn });
    for (const call of [read, remove]) {
      await expect(call(client, arn)).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        message: `The resource ${arn} does not exist.`,
      });
    }
  });

  it('are built by the default template when they give none', async () => {
    const { containerRecipe } = await read(client, await add(client, { name: 'default' }));
    expect(containerRecipe?.dockerfileTemplateData).toBe(defaultDockerfileTemplate);
  });

  it('never change: another content is another version, counted where it says x', async () => {
    expect(await add(client, { name: 'Counted', semanticVersion: '1.0.x' })).toBe(arnOf('counted/1.0.1'));
    expect(await add(client, { name: 'counted', semanticVersion: '1.0.x' })).toBe(arnOf('counted/1.0.2'));
    expect(await add(client, { name: 'counted', semanticVersion: '1.x.x' })).toBe(arnOf('counted/1.1.0'));
    await expect(add(client, { name: 'counted', semanticVersion: '1.0.2' })).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      message: `The resource ${arnOf('counted/1.0.2')} already exists.`,
    });
    const read2 = async (id: string) => (await read(client, arnOf(`counted/${id}`))).containerRecipe?.version;
    expect(await read2('x.x.x')).toBe('1.1.0');
    expect(await read2('1.0.x')).toBe('1.0.2');
    await expect(read2('2.x.x')).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(remove(client, arnOf('counted/x.x.x'))).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    const raced = await Promise.all(
      ['a', 'b', 'c'].map(() => add(client, { name: 'raced', semanticVersion: 'x.x.x' })),
    );
    expect(raced.sort()).toEqual(['1.0.0', '2.0.0', '3.0.0'].map((version) => arnOf(`raced/${version}`)));
  });

  it('build upon managed images, own ones, and images in registries', async () => {
    const parents = [
      debianArn.replace('12', '13'),
      own('image', 'golden/1.x.x'),
      own('image', 'golden/1.0.0/3'),
      'debian:12',
      `registry.example:5000/team/app@sha256:${'0'.repeat(64)}`,
    ];
    for (const [index, parentImage] of parents.entries()) {
      const arn = await add(client, { name: `upon ${index}`, parentImage });
      expect((await read(client, arn)).containerRecipe?.parentImage).toBe(parentImage);
    }
  });

  it('take components of the operating system that the parent image has', async () => {
    const components = [{ componentArn: own('component', 'of-debian-13/x.x.x') }];
    await expect(add(client, { name: 'for another', components })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('supports Debian 13, and the parent image is Debian 12'),
    });
    await add(client, { name: 'for 13', components, parentImage: debianArn.replace('12', '13') });
    await add(client, { name: 'for any', components, parentImage: 'debian:12' });
    const parentImage = 'debian:12';
    const said = add(client, { name: 'for said', components, parentImage, imageOsVersionOverride: 'Debian 12' });
    await expect(said).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });

  const at = (parameter: string) => `The value supplied for parameter '${parameter}' is not valid.`;
  const value = 'InvalidParameterValueException';
  it.each<[string, (arn: string) => Partial<Input>, string, string]>([
    ['a version in words', () => ({ semanticVersion: 'one' }), 'ValidationException', "at 'semanticVersion'"],
    ['x before a number', () => ({ semanticVersion: 'x.1.0' }), 'InvalidVersionNumberException', 'x.x.x'],
    [
      'a component that is not',
      () => ({ components: [updateLinux, { componentArn: own('component', 'none/1.0.0') }] }),
      value,
      `${at('components[1].componentArn')} The component`,
    ],
    [
      'a component of another region',
      (componentArn) => ({ components: [{ componentArn: componentArn.replace('us-east-1', OTHER_REGION) }] }),
      value,
      'does not exist',
    ],
    [
      'a component of another account',
      (componentArn) => ({ components: [{ componentArn: componentArn.replace(/\d{12}/, '000000000000') }] }),
      value,
      'does not exist',
    ],
    [
      'a wildcard that is none',
      () => ({ components: [{ componentArn: own('component', 'none/x.1.x') }] }),
      value,
      at('components[0].componentArn'),
    ],
    [
      'a component that reboots',
      () => ({ components: [{ componentArn: own('component', 'that-reboots/1.0.0') }] }),
      value,
      'Step Again of phase build reboots',
    ],
    [
      'a parameter without a value',
      (componentArn) => ({ components: [{ componentArn }] }),
      value,
      `${at('components[0].parameters')} The component needs a value for Target`,
    ],
    [
      'a parameter that the component does not have',
      (componentArn) => ({ components: [{ componentArn, parameters: [{ name: 'Targets', value: ['a'] }] }] }),
      value,
      `${at('components[0].parameters[0].name')} The component has no parameter Targets. It has Target, Other.`,
    ],
    [
      'a parameter for a component that takes none',
      () => ({ components: [{ ...updateLinux, parameters: [{ name: 'Target', value: ['a'] }] }] }),
      value,
      'It has none.',
    ],
    [
      'two values for a parameter',
      (componentArn) => ({ components: [{ componentArn, parameters: [{ name: 'Target', value: ['a', 'b'] }] }] }),
      value,
      at('components[0].parameters[0].value'),
    ],
    [
      'a parameter twice',
      (componentArn) => ({
        components: [{ componentArn, parameters: ['a', 'b'].map((text) => ({ name: 'Target', value: [text] })) }],
      }),
      value,
      'has a value already',
    ],
    [
      'twenty-one components',
      () => ({ components: Array.from({ length: 21 }, () => updateLinux) }),
      'ServiceQuotaExceededException',
      'at most 20 components',
    ],
    [
      'a managed image that is not',
      () => ({ parentImage: debianArn.replace('debian-12', 'amazon-linux-2') }),
      value,
      'known are debian-12-x86, debian-13-x86',
    ],
    ['an AMI', () => ({ parentImage: 'ami-0123456789abcdef0' }), value, 'it is an AMI'],
    ['no reference', () => ({ parentImage: 'Not an image' }), value, at('parentImage')],
    [
      'an image of another region',
      () => ({ parentImage: debianArn.replace('us-east-1', OTHER_REGION) }),
      value,
      'not of this account and region',
    ],
    [
      'an image of another account',
      () => ({ parentImage: own('image', 'golden/1.0.0').replace(/\d{12}/, '000000000000') }),
      value,
      'not of this account and region',
    ],
    [
      'a template with mistakes',
      () => ({ dockerfileTemplateData: `${defaultDockerfileTemplate}COPY a b\n` }),
      value,
      `${at('dockerfileTemplateData')} line 4, column 1: COPY has nothing to copy from`,
    ],
    [
      'components, and a template that does not say where they run',
      () => ({ dockerfileTemplateData: 'FROM {{{ imagebuilder:parentImage }}}', components: [updateLinux] }),
      value,
      'it needs {{{ imagebuilder:environments }}} and {{{ imagebuilder:components }}}',
    ],
    ['a template in S3', () => ({ dockerfileTemplateUri: 's3://a/b' }), value, 'reads nothing from S3'],
    [
      'a template here and one in S3',
      () => ({ dockerfileTemplateUri: 's3://a/b', dockerfileTemplateData: defaultDockerfileTemplate }),
      'InvalidParameterCombinationException',
      'give one of them',
    ],
    ['Windows', () => ({ platformOverride: 'Windows' }), value, at('platformOverride')],
    ['a key of KMS', () => ({ kmsKeyId: 'alias/key' }), value, at('kmsKeyId')],
  ])('are not made with %s', async (_title, change, name, message) => {
    await expect(add(client, { ...change(component), name: 'refused' })).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
    await expect(read(client, arnOf('refused/x.x.x'))).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('keep a policy, which goes with them', async () => {
    const containerRecipeArn = await add(client, { name: 'with policy' });
    const readPolicy = async () =>
      (await client.send(new GetContainerRecipePolicyCommand({ containerRecipeArn }))).policy;
    await expect(readPolicy()).rejects.toBeInstanceOf(ResourceNotFoundException);
    const put = new PutContainerRecipePolicyCommand({ containerRecipeArn, policy: '{"Statement":[]}' });
    expect((await client.send(put)).containerRecipeArn).toBe(containerRecipeArn);
    expect(await readPolicy()).toBe('{"Statement":[]}');
    await remove(client, containerRecipeArn);
    await add(client, { name: 'with policy' });
    await expect(readPolicy()).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('of others are not found, or denied', async () => {
    const arn = arnOf('counted/1.0.1');
    await expect(read(client, arn.replace('us-east-1', OTHER_REGION))).rejects.toBeInstanceOf(
      ResourceNotFoundException,
    );
    await expect(read(client, arn.replace(/\d{12}/, 'aws'))).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(read(client, arn.replace(/\d{12}/, '000000000000'))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

describe('a quota of container recipes', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, 'container-recipes': 1 } });

  it('is kept', async () => {
    const client = server().createImageBuilderClient();
    await add(client, { name: 'first' });
    await expect(add(client, { name: 'second' })).rejects.toMatchObject({ name: 'ServiceQuotaExceededException' });
  });
});
