import { callImageBuilder, type Furniture } from './image-builder-calls.ts';
import { placeholderOf } from './learned-texts.ts';
import type { FuzzedServer } from './start-fuzzed-server.ts';
import type { Example } from './windows-in-scene.ts';

const targetRepository = { service: 'ECR', repositoryName: '127.0.0.1:5000/fuzz/image' };
const distributions = [
  {
    region: 'us-east-1',
    containerDistributionConfiguration: {
      description: 'for the fuzzer',
      containerTags: ['latest', '1.0'],
      targetRepository,
    },
    amiDistributionConfiguration: {
      name: 'fuzz {{ imagebuilder:buildDate }}',
      amiTags: { builtBy: 'fuzz' },
      launchPermission: { userGroups: ['all'] },
    },
  },
  {
    region: 'eu-west-1',
    licenseConfigurationArns: [
      'arn:aws:license-manager:eu-west-1:123456789012:license-configuration:lic-0123456789abcdef0123456789abcdef',
    ],
  },
];

/** Adds distribution configurations and pipelines, and what the operations on them accept. */
export async function withImagePipelines<Scene extends Furniture>(
  scene: Scene,
  server: FuzzedServer,
  name: string,
): Promise<Scene> {
  const call = async (operation: string, input: object) => await callImageBuilder(server, operation, input);
  const arnOf = (resourceType: string, text: string) =>
    `arn:aws:imagebuilder:${server.region}:${server.accountId}:${resourceType}/${text}-${name}`;
  const distribution = {
    name: `Fuzz ${name}`,
    description: 'for the fuzzer',
    distributions,
    tags: { owner: 'fuzz' },
    clientToken: `fuzz-distribution-${name}`,
  };
  const spare = { ...distribution, name: `Spare ${name}`, clientToken: `spare-distribution-${name}` };
  await call('CreateDistributionConfiguration', distribution);
  await call('CreateDistributionConfiguration', spare);
  const ofDistribution = { distributionConfigurationArn: arnOf('distribution-configuration', 'fuzz') };
  const spareArn = arnOf('distribution-configuration', 'spare');
  const pipeline = {
    name: `Fuzz ${name}`,
    description: 'for the fuzzer',
    containerRecipeArn: `${arnOf('container-recipe', 'fuzz')}/1.0.0`,
    infrastructureConfigurationArn: arnOf('infrastructure-configuration', 'fuzz'),
    ...ofDistribution,
    imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 60 },
    enhancedImageMetadataEnabled: true,
    schedule: {
      scheduleExpression: 'cron(0/15 2-4 ? * SUN#2,L 2026-2199)',
      timezone: 'Europe/Berlin',
      pipelineExecutionStartCondition: 'EXPRESSION_MATCH_ONLY',
      autoDisablePolicy: { failureCount: 2 },
    },
    status: 'ENABLED',
    imageTags: { builtBy: 'fuzz' },
    imageScanningConfiguration: { imageScanningEnabled: true, ecrConfiguration: { repositoryName: 'scans' } },
    executionRole: 'builder',
    workflows: [{ workflowArn: 'arn:aws:imagebuilder:us-east-1:aws:workflow/test/test-container/x.x.x' }],
    tags: { owner: 'fuzz' },
    clientToken: `fuzz-pipeline-${name}`,
  };
  await call('CreateImagePipeline', pipeline);
  await call('CreateImagePipeline', { ...pipeline, name: `Spare ${name}`, clientToken: `spare-pipeline-${name}` });
  const ofPipeline = { imagePipelineArn: arnOf('image-pipeline', 'fuzz') };
  const { name: _name, tags: _tags, ...definition } = pipeline;
  const examples: Example[] = [
    [
      'CreateDistributionConfiguration',
      { ...distribution, name: `More ${name}`, clientToken: `more-distribution-${name}` },
    ],
    [
      'UpdateDistributionConfiguration',
      { ...ofDistribution, description: 'changed', distributions, clientToken: `update-distribution-${name}` },
    ],
    ['GetDistributionConfiguration', ofDistribution],
    ['ListDistributionConfigurations', { filters: [{ name: 'name', values: [distribution.name] }], maxResults: 1 }],
    ['DeleteDistributionConfiguration', { distributionConfigurationArn: spareArn }],
    ['CreateImagePipeline', { ...pipeline, name: `More ${name}`, clientToken: `more-pipeline-${name}` }],
    ['UpdateImagePipeline', { ...ofPipeline, ...definition, clientToken: `update-pipeline-${name}` }],
    ['GetImagePipeline', ofPipeline],
    ['ListImagePipelines', { filters: [{ name: 'status', values: ['ENABLED', 'DISABLED'] }], maxResults: 1 }],
    ['DeleteImagePipeline', { imagePipelineArn: arnOf('image-pipeline', 'spare') }],
  ];
  const known: Readonly<Record<string, readonly string[]>> = {
    // Not the one of the examples: it would soon be deleted.
    distributionconfigurationarn: [spareArn, placeholderOf('distributionconfigurationarn')],
    imagepipelinearn: [arnOf('image-pipeline', 'spare'), placeholderOf('imagepipelinearn')],
  };
  return {
    ...scene,
    known: new Map([...scene.known, ...Object.entries(known)]),
    examples: new Map([
      ...scene.examples,
      ...examples.map(([target, input]) => [`imagebuilder.${target}`, [input]] as const),
      ['Patchbay.ListImagePipelineRuns', [{ ...ofPipeline, maxResults: 1 }]],
    ]),
  };
}
