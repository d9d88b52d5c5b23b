import type { About, Row } from './permission-matrix.test-support.ts';

const image = 'arn:aws:imagebuilder:us-east-1:111122223333:image/matrix/1.0.0/1';
const id = '00000000-0000-4000-8000-000000000000';

/** Nobody has such an image, so nobody's tags are on it: people with limits do not get through. */
function imageBuilder(name: string, allowed: string, input: object): Row {
  const prefixOf = (arn: string) => arn.split(':').slice(0, 5).join(':');
  const ofAccount = ({ configurationArn }: About) =>
    JSON.parse(JSON.stringify(input).replaceAll(prefixOf(image), prefixOf(configurationArn))) as object;
  return { target: `imagebuilder.${name}`, allowed, input: ofAccount, when: 'by itself' };
}

function patchbay(name: string, allowed: string, input: object): Row {
  return { ...imageBuilder(name, allowed, input), target: `Patchbay.${name}` };
}

function ofBuilder(name: string, input: object): Row {
  return { target: `Patchbay.${name}`, allowed: 'NM', input: () => input, when: 'by itself' };
}

const ofImage = { imageBuildVersionArn: image };
const lease = { imageId: 'img-none', leaseId: id };

/** Who gets through to images and their builds. */
export const matrixForBuiltImages: readonly Row[] = [
  imageBuilder('CreateImage', 'A', {
    containerRecipeArn: image.replace('image/matrix/1.0.0/1', 'container-recipe/none/1.0.0'),
    infrastructureConfigurationArn: image.replace('image/matrix/1.0.0/1', 'infrastructure-configuration/none'),
    clientToken: 'matrix',
  }),
  imageBuilder('StartImagePipelineExecution', 'AO', {
    imagePipelineArn: image.replace('image/matrix/1.0.0/1', 'image-pipeline/none'),
    clientToken: 'matrix',
  }),
  imageBuilder('GetImage', 'AOR', ofImage),
  imageBuilder('ListImages', 'AORWD', {}),
  imageBuilder('ListImageBuildVersions', 'AORWD', { imageVersionArn: image.replace('/1.0.0/1', '/1.0.0') }),
  imageBuilder('ListImagePipelineImages', 'AORWD', {
    imagePipelineArn: image.replace('image/matrix/1.0.0/1', 'image-pipeline/matrix'),
  }),
  imageBuilder('ListImagePackages', 'AOR', ofImage),
  imageBuilder('ListWorkflowExecutions', 'AOR', ofImage),
  imageBuilder('GetWorkflowExecution', 'AOR', { workflowExecutionId: `wf-${id}` }),
  imageBuilder('ListWorkflowStepExecutions', 'AOR', { workflowExecutionId: `wf-${id}` }),
  imageBuilder('GetWorkflowStepExecution', 'AOR', { stepExecutionId: `step-${id}` }),
  imageBuilder('ListWaitingWorkflowSteps', 'AORWD', {}),
  imageBuilder('CancelImageCreation', 'A', { ...ofImage, clientToken: 'matrix' }),
  imageBuilder('DeleteImage', 'A', ofImage),
  imageBuilder('RetryImage', 'AO', { ...ofImage, clientToken: 'matrix' }),
  imageBuilder('GetImagePolicy', 'AOR', { imageArn: image }),
  imageBuilder('PutImagePolicy', 'A', { imageArn: image, policy: '{}' }),
  imageBuilder('ListImageScanFindings', 'AORWD', {}),
  imageBuilder('ListImageScanFindingAggregations', 'AORWD', {}),
  patchbay('GetImageBuildRecord', 'AOR', ofImage),
  patchbay('GetImageBillOfMaterials', 'AOR', ofImage),
  patchbay('ListImageBuildLines', 'AOR', ofImage),
  patchbay('ImportImage', 'A', { name: 'matrix import', semanticVersion: '1.0.0', reference: 'debian:12' }),
  patchbay('ListImageFreshness', 'AORWD', {}),
  patchbay('GetImageFreshness', 'AOR', ofImage),
  patchbay('ListImageNodes', 'AOR', ofImage),
  ofBuilder('TakeImageBuild', { tools: [] }),
  ofBuilder('ReportImageBuild', { ...lease, steps: [], firstLine: 0, lines: [] }),
  ofBuilder('CompleteImageBuild', { ...lease, outcome: { kind: 'cancelled' } }),
];
