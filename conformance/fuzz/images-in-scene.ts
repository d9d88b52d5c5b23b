import type { NodeHost } from '../../packages/server/src/test-support/test-node.ts';
import type { FuzzedBuilder } from './builder-in-scene.ts';
import { withBuiltImages } from './built-images-in-scene.ts';
import { withDefinitions } from './definitions-in-scene.ts';
import { callImageBuilder, type Furniture } from './image-builder-calls.ts';
import { withImagePipelines } from './image-pipelines-in-scene.ts';
import { placeholderOf } from './learned-texts.ts';
import type { FuzzedServer } from './start-fuzzed-server.ts';
import type { Example } from './windows-in-scene.ts';

const service = 'imagebuilder';

/** Adds what there is of Image Builder: infrastructure configurations, components, recipes, and what the operations accept. */
export async function withImages<Scene extends Furniture & FuzzedBuilder>(
  scene: Scene,
  server: FuzzedServer,
  name: string,
  host: NodeHost,
): Promise<Scene> {
  const configuration = {
    name: `Fuzz ${name}`,
    description: 'for the fuzzer',
    instanceTypes: ['builder'],
    instanceProfileName: 'builders',
    logging: { s3Logs: { s3BucketName: 'logs' } },
    terminateInstanceOnFailure: true,
    resourceTags: { builtBy: 'fuzz' },
    instanceMetadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 2 },
    placement: { tenancy: 'default' },
    tags: { owner: 'fuzz' },
    clientToken: `fuzz-${name}`,
  };
  const spareConfiguration = { ...configuration, name: `Spare ${name}`, clientToken: `spare-${name}` };
  await callImageBuilder(server, 'CreateInfrastructureConfiguration', configuration);
  await callImageBuilder(server, 'CreateInfrastructureConfiguration', spareConfiguration);
  const arnOf = (text: string) =>
    `arn:aws:imagebuilder:${server.region}:${server.accountId}:infrastructure-configuration/${text}`;
  const arn = arnOf(`fuzz-${name}`);
  const { name: _name, tags: _tags, ...definition } = configuration;
  const ofArn = { infrastructureConfigurationArn: arn };
  const examples: Example[] = [
    ['CreateInfrastructureConfiguration', { ...configuration, name: `More ${name}`, clientToken: `more-${name}` }],
    ['UpdateInfrastructureConfiguration', { ...ofArn, ...definition, clientToken: `update-${name}` }],
    ['GetInfrastructureConfiguration', ofArn],
    [
      'ListInfrastructureConfigurations',
      { filters: [{ name: 'name', values: [configuration.name, 'other'] }], maxResults: 1 },
    ],
    ['DeleteInfrastructureConfiguration', { infrastructureConfigurationArn: arnOf(`spare-${name}`) }],
    ['TagResource', { resourceArn: arn, tags: { stage: 'test' } }],
    ['UntagResource', { resourceArn: arn, tagKeys: ['stage', 'none'] }],
    ['ListTagsForResource', { resourceArn: arn }],
  ];
  const known: Readonly<Record<string, readonly string[]>> = {
    // Not the one of the examples: it would soon be deleted.
    infrastructureconfigurationarn: [arnOf(`spare-${name}`), placeholderOf('infrastructureconfigurationarn')],
    resourcearn: [arn],
    name: [...(scene.known.get('name') ?? []), 'name', configuration.name],
  };
  const withConfigurations = {
    ...scene,
    known: new Map([...scene.known, ...Object.entries(known)]),
    examples: new Map([
      ...scene.examples,
      ...examples.map(([target, input]) => [`${service}.${target}`, [input]] as const),
    ]),
  };
  const withPipelines = await withImagePipelines(await withDefinitions(withConfigurations, server, name), server, name);
  return await withBuiltImages(withPipelines, server, name, host);
}
