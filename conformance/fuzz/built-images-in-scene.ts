import { z } from 'zod';
import type { NodeHost } from '../../packages/server/src/test-support/test-node.ts';
import { buildOldest, type FuzzedBuilder } from './builder-in-scene.ts';
import { callImageBuilder, type Furniture } from './image-builder-calls.ts';
import { placeholderOf } from './learned-texts.ts';
import type { FuzzedServer } from './start-fuzzed-server.ts';
import type { Example } from './windows-in-scene.ts';

const Workflows = z.object({ workflowExecutions: z.array(z.object({ workflowExecutionId: z.string() })) });
const Steps = z.object({ steps: z.array(z.object({ stepExecutionId: z.string() })) });

/** Adds images in every state, and what the operations about them accept. */
export async function withBuiltImages<Scene extends Furniture & FuzzedBuilder>(
  scene: Scene,
  server: FuzzedServer,
  name: string,
  host: NodeHost,
): Promise<Scene> {
  const call = async (operation: string, input: object) => await callImageBuilder(server, operation, input);
  const arnOf = (type: string, id: string) => `arn:aws:imagebuilder:${server.region}:${server.accountId}:${type}/${id}`;
  const image = {
    containerRecipeArn: arnOf('container-recipe', `fuzz-${name}/1.0.0`),
    infrastructureConfigurationArn: arnOf('infrastructure-configuration', `fuzz-${name}`),
    distributionConfigurationArn: arnOf('distribution-configuration', `fuzz-${name}`),
    imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 60 },
    enhancedImageMetadataEnabled: true,
    imageScanningConfiguration: { imageScanningEnabled: true },
    loggingConfiguration: { logGroupName: '/aws/imagebuilder/fuzz' },
    tags: { owner: 'fuzz' },
  };
  const buildArn = (build: number) => arnOf('image', `fuzz-${name}/1.0.0/${build}`);
  for (let build = 1; build <= 6; build += 1) {
    await call('CreateImage', { ...image, clientToken: `image-${build}-${name}` });
  }
  const cancelled = { imageBuildVersionArn: buildArn(5) };
  await call('CancelImageCreation', { ...cancelled, clientToken: `cancel-5-${name}` });
  const { availableArn, retriableArn, examples: examplesOfBuilder } = await buildOldest(host, scene);
  const ofAvailable = { imageBuildVersionArn: availableArn };
  const { workflowExecutions } = Workflows.parse(await call('ListWorkflowExecutions', ofAvailable));
  const { steps } = Steps.parse(await call('ListWorkflowStepExecutions', workflowExecutions[0] ?? {}));
  const policy = '{"Version":"2012-10-17","Statement":[]}';
  const ofPolicy = { imageArn: buildArn(1) };
  await call('PutImagePolicy', { ...ofPolicy, policy });
  const ofImage = { imageBuildVersionArn: buildArn(1) };
  const ofPipeline = { imagePipelineArn: arnOf('image-pipeline', `fuzz-${name}`) };
  const filters = [
    { name: 'name', values: [`Fuzz ${name}`] },
    { name: 'osVersion', values: ['Debian GNU/Linux 12'] },
  ];
  const examples: Example[] = [
    ['CreateImage', { ...image, clientToken: `more-image-${name}` }],
    ['GetImage', { imageBuildVersionArn: buildArn(1).replace('1.0.0/1', '1.x.x') }],
    ['ListImages', { owner: 'Self', filters, includeDeprecated: true, maxResults: 1 }],
    ['ListImageBuildVersions', { imageVersionArn: buildArn(1).replace(/\/1$/, ''), filters, maxResults: 1 }],
    ['ListImagePipelineImages', { ...ofPipeline, filters, maxResults: 1 }],
    ['StartImagePipelineExecution', { ...ofPipeline, tags: { stage: 'test' }, clientToken: `start-${name}` }],
    ['CancelImageCreation', { imageBuildVersionArn: buildArn(6), clientToken: `cancel-6-${name}` }],
    ['RetryImage', { imageBuildVersionArn: retriableArn, clientToken: `retry-${name}` }],
    ['ListImagePackages', { ...ofAvailable, maxResults: 1 }],
    ['DeleteImage', cancelled],
    ['PutImagePolicy', { ...ofPolicy, policy }],
    ['GetImagePolicy', ofPolicy],
    ['ListWorkflowExecutions', { ...ofImage, maxResults: 1 }],
    ['GetWorkflowExecution', workflowExecutions[0] ?? {}],
    ['ListWorkflowStepExecutions', { ...workflowExecutions[0], maxResults: 1 }],
    ['GetWorkflowStepExecution', steps[0] ?? {}],
    ['ListWaitingWorkflowSteps', { maxResults: 1 }],
    [
      'ListImageScanFindings',
      {
        filters: [
          { name: 'severity', values: ['HIGH'] },
          { name: 'imageBuildVersionArn', values: [buildArn(1)] },
        ],
      },
    ],
    ['ListImageScanFindingAggregations', { filter: { name: 'imagePipelineArn', values: ['fuzz'] } }],
  ];
  const own: Example[] = [
    [
      'ImportImage',
      {
        name: `Imported ${name}`,
        semanticVersion: '1.0.0',
        reference: 'registry.example:5000/team/app:1',
        patchGroup: 'golden',
        tags: { owner: 'fuzz' },
      },
    ],
    ['ListImageBuildLines', { ...ofImage, from: 0, maxResults: 10 }],
    ['GetImageBuildRecord', ofImage],
    ['GetImageBillOfMaterials', { ...ofAvailable, format: 'spdx' }],
    ...examplesOfBuilder,
  ];
  const known: Readonly<Record<string, readonly string[]>> = {
    imagebuildversionarn: [buildArn(1), buildArn(2), placeholderOf('imagebuildversionarn')],
    imageversionarn: [buildArn(1).replace(/\/1$/, '')],
    imagearn: [buildArn(1)],
  };
  return {
    ...scene,
    known: new Map([...scene.known, ...Object.entries(known)]),
    examples: new Map([
      ...scene.examples,
      ...examples.map(([target, input]) => [`imagebuilder.${target}`, [input]] as const),
      ...own.map(([target, input]) => [`Patchbay.${target}`, [input]] as const),
    ]),
  };
}
