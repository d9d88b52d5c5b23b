import type {
  GetWorkflowExecutionRequest,
  GetWorkflowExecutionResponse,
  GetWorkflowStepExecutionRequest,
  GetWorkflowStepExecutionResponse,
  ListWaitingWorkflowStepsRequest,
  ListWaitingWorkflowStepsResponse,
  ListWorkflowExecutionsRequest,
  ListWorkflowExecutionsResponse,
  ListWorkflowStepExecutionsRequest,
  ListWorkflowStepExecutionsResponse,
} from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { arnResource } from '../arns.ts';
import { resourceNotFound } from '../errors.ts';
import { findImageBuild, imageArn } from './find-image.ts';
import { type Image, listBuildSteps, type StoredBuildStep } from './repository.ts';
import { findImageOfStep, findImageOfWorkflow } from './workflow-repository.ts';

type StepStatus = StoredBuildStep['status'];

/** What the steps of a workflow make of the whole. */
function statusOf(statuses: readonly StepStatus[]) {
  if (statuses.includes('FAILED')) return 'FAILED';
  if (statuses.includes('CANCELLED')) return 'CANCELLED';
  if (statuses.every((status) => status === 'SKIPPED')) return 'SKIPPED';
  if (statuses.every((status) => status === 'COMPLETED' || status === 'SKIPPED')) return 'COMPLETED';
  return statuses.every((status) => status === 'PENDING') ? 'PENDING' : 'RUNNING';
}

function extremeTime(times: readonly (Date | null)[], pick: (...values: number[]) => number): string | undefined {
  const known = times.flatMap((time) => (time === null ? [] : [time.getTime()]));
  return known.length === 0 ? undefined : new Date(pick(...known)).toISOString();
}

function describeWorkflow(steps: readonly StoredBuildStep[]) {
  const [first] = steps;
  const statuses = steps.map(({ status }) => status);
  const status = statusOf(statuses);
  const count = (wanted: StepStatus) => statuses.filter((each) => each === wanted).length;
  const hasEnded = status !== 'RUNNING' && status !== 'PENDING';
  return {
    workflowExecutionId: first?.workflowExecutionId,
    type: first?.workflow,
    status,
    message: steps.find(({ status: each }) => each === 'FAILED')?.message,
    totalStepCount: steps.length,
    totalStepsSucceeded: count('COMPLETED'),
    totalStepsFailed: count('FAILED'),
    totalStepsSkipped: count('SKIPPED'),
    startTime: extremeTime(
      steps.map(({ startedAt }) => startedAt),
      Math.min,
    ),
    endTime: hasEnded
      ? extremeTime(
          steps.map(({ endedAt }) => endedAt),
          Math.max,
        )
      : undefined,
  } as const;
}

function describeStep({ stepExecutionId, name, action, status, message, startedAt, endedAt }: StoredBuildStep) {
  return {
    stepExecutionId,
    name,
    action,
    status,
    message: message === '' ? undefined : message,
    startTime: startedAt?.toISOString(),
    endTime: endedAt?.toISOString(),
  };
}

async function ListWorkflowExecutions(
  input: CamelCased<ListWorkflowExecutionsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListWorkflowExecutionsResponse>> {
  const image = await findImageBuild(input.imageBuildVersionArn ?? '', context);
  const steps = await listBuildSteps(context.db, image.imageId);
  const workflows = [...new Set(steps.map(({ workflow }) => workflow))];
  return {
    requestId: context.requestId,
    imageBuildVersionArn: imageArn(image),
    workflowExecutions: workflows.map((wanted) =>
      describeWorkflow(steps.filter(({ workflow }) => workflow === wanted)),
    ),
    message: image.reason ?? undefined,
  };
}

interface WorkflowId {
  readonly workflowExecutionId?: string | undefined;
}

async function findWorkflow({ workflowExecutionId = '' }: WorkflowId, context: OperationContext) {
  const image = await findImageOfWorkflow(context.db, context, workflowExecutionId);
  if (!image) throw resourceNotFound(workflowExecutionId);
  const steps = await listBuildSteps(context.db, image.imageId);
  return { image, steps: steps.filter((step) => step.workflowExecutionId === workflowExecutionId) };
}

async function GetWorkflowExecution(
  input: CamelCased<GetWorkflowExecutionRequest>,
  context: OperationContext,
): Promise<CamelCased<GetWorkflowExecutionResponse>> {
  const { image, steps } = await findWorkflow(input, context);
  return { requestId: context.requestId, imageBuildVersionArn: imageArn(image), ...describeWorkflow(steps) };
}

async function ListWorkflowStepExecutions(
  input: CamelCased<ListWorkflowStepExecutionsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListWorkflowStepExecutionsResponse>> {
  const { image, steps } = await findWorkflow(input, context);
  return {
    requestId: context.requestId,
    imageBuildVersionArn: imageArn(image),
    workflowExecutionId: input.workflowExecutionId,
    steps: steps.map(describeStep),
  };
}

async function GetWorkflowStepExecution(
  input: CamelCased<GetWorkflowStepExecutionRequest>,
  context: OperationContext,
): Promise<CamelCased<GetWorkflowStepExecutionResponse>> {
  const { stepExecutionId = '' } = input;
  const image = await findImageOfStep(context.db, context, stepExecutionId);
  const steps = image ? await listBuildSteps(context.db, image.imageId) : [];
  const step = steps.find((each) => each.stepExecutionId === stepExecutionId);
  if (!image || !step) throw resourceNotFound(stepExecutionId);
  return {
    requestId: context.requestId,
    imageBuildVersionArn: imageArn(image),
    workflowExecutionId: step.workflowExecutionId,
    ...describeStep(step),
    outputs: describeOutputs(step, image),
  };
}

/** What a step brought, in JSON as with AWS. */
function describeOutputs({ name }: StoredBuildStep, { record, failure, containers }: Image): string | undefined {
  if (failure?.step === name) return JSON.stringify(failure);
  if (record === null) return undefined;
  if (name === 'ObtainParentImage') return JSON.stringify(record.parent);
  if (name === 'CreateOutputImage') return JSON.stringify({ digest: record.digest, layers: record.layers });
  return name === 'DistributeImage' ? JSON.stringify({ containers }) : undefined;
}

/** Nothing here waits for a person: that takes workflows of one's own. */
async function ListWaitingWorkflowSteps(
  _input: CamelCased<ListWaitingWorkflowStepsRequest>,
  _context: OperationContext,
): Promise<CamelCased<ListWaitingWorkflowStepsResponse>> {
  return { steps: [] };
}

/** A workflow or step is its image's; of one that does not exist nothing is known. */
function ofImage(find: typeof findImageOfStep, id: string | undefined, context: OperationContext) {
  return find(context.db, context, id ?? '').then((image) => arnResource(image ? imageArn(image) : (id ?? '')));
}

const ofWorkflow = ({ workflowExecutionId }: WorkflowId, context: OperationContext) =>
  ofImage(findImageOfWorkflow, workflowExecutionId, context);

export const workflowExecutionOperations = {
  ListWorkflowExecutions: operation({
    handle: ListWorkflowExecutions,
    resource: ({ imageBuildVersionArn }) => arnResource(imageBuildVersionArn ?? ''),
  }),
  GetWorkflowExecution: operation({ handle: GetWorkflowExecution, resource: ofWorkflow }),
  ListWorkflowStepExecutions: operation({ handle: ListWorkflowStepExecutions, resource: ofWorkflow }),
  GetWorkflowStepExecution: operation({
    handle: GetWorkflowStepExecution,
    resource: ({ stepExecutionId }, context) => ofImage(findImageOfStep, stepExecutionId, context),
  }),
  ListWaitingWorkflowSteps: operation({ handle: ListWaitingWorkflowSteps }),
};
