import type { z } from 'zod';

/**
 * One of Patchbay's own operations. On the wire it is JSON 1.1 like SSM's, target `Patchbay.<name>`, signed for the
 * service `patchbay`; its members travel in camelCase as they are.
 */
export interface OperationContract<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly permission: `patchbay:${string}`;
  /** `node`: called by an agent with its own credentials, about itself. `person`: called by people and their tools. */
  readonly caller: 'node' | 'person';
  readonly input: Input;
  readonly output: Output;
}

/** Names the permission after the operation, so that the two cannot drift apart. */
export function defineContract<Input extends z.ZodType, Output extends z.ZodType>(
  name: string,
  caller: OperationContract['caller'],
  input: Input,
  output: Output,
): OperationContract<Input, Output> {
  return { name, permission: `patchbay:${name}`, caller, input, output };
}
