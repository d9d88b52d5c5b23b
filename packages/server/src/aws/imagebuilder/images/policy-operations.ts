import type {
  GetImagePolicyRequest,
  GetImagePolicyResponse,
  PutImagePolicyRequest,
  PutImagePolicyResponse,
} from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { getResourcePolicy, putResourcePolicy } from '../resource-policies/service.ts';
import { findImage, imageResource } from './find-image.ts';
import { imageType } from './tables.ts';

async function findHolder(arn: string, context: OperationContext) {
  const { resourceId } = await findImage(arn, context);
  return { resourceType: imageType, resourceId };
}

async function GetImagePolicy(
  { imageArn = '' }: CamelCased<GetImagePolicyRequest>,
  context: OperationContext,
): Promise<CamelCased<GetImagePolicyResponse>> {
  const policy = await getResourcePolicy(imageArn, await findHolder(imageArn, context), context);
  return { requestId: context.requestId, policy };
}

async function PutImagePolicy(
  { imageArn = '', policy = '' }: CamelCased<PutImagePolicyRequest>,
  context: OperationContext,
): Promise<CamelCased<PutImagePolicyResponse>> {
  await putResourcePolicy(await findHolder(imageArn, context), policy, context);
  return { requestId: context.requestId, imageArn };
}

const resource = async (input: { readonly imageArn?: string | undefined }, context: OperationContext) =>
  await imageResource(input.imageArn ?? '', context);

export const imagePolicyOperations = {
  GetImagePolicy: operation({ handle: GetImagePolicy, resource }),
  PutImagePolicy: operation({ handle: PutImagePolicy, resource }),
};
