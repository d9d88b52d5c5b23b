import type { Credentials } from '@patchbay/aws-wire';
import type { OperationContract, Role, TagLimit } from '@patchbay/contracts';
import { CreateUser } from '@patchbay/contracts';
import type { z } from 'zod';
import { readSuccess } from './send-request.ts';
import type { CallOptions, TestServer } from './test-server.ts';

/** Calls one of Patchbay's own operations, as the first administrator or somebody else; throws `RefusedCallError`. */
export async function callPatchbay<Input extends z.ZodType, Output extends z.ZodType>(
  server: Pick<TestServer, 'call'>,
  contract: OperationContract<Input, Output>,
  input: z.input<Input>,
  options: CallOptions = {},
): Promise<z.output<Output>> {
  const answer = await server.call(`Patchbay.${contract.name}`, input, { service: 'patchbay', ...options });
  return contract.output.parse(readSuccess(answer));
}

/** Makes a person as the first administrator, with a key that signs at once. */
export async function createPerson(
  server: Pick<TestServer, 'call'>,
  userName: string,
  role: Role,
  tagLimits: TagLimit[] = [],
): Promise<Credentials & { readonly userName: string }> {
  const { accessKey } = await callPatchbay(server, CreateUser, { userName, role, tagLimits });
  const { accessKeyId, secretAccessKey } = accessKey;
  return { userName, accessKeyId, secretAccessKey };
}
