import {
  type AdaptedService,
  type AwsError,
  decodeInput,
  decodeRestInput,
  type ErrorShape,
  encodeJson,
  findIdempotencyToken,
  type HttpBinding,
  type OperationShape,
  type RestRequest,
  type StructureShape,
  serializationError,
  validationError,
} from '@patchbay/aws-wire';
import type { OperationContract } from '@patchbay/contracts';
import type { z } from 'zod';
import type { ErrorTable, Operation } from './operation.ts';
import { withoutSecrets } from './secrets-in-input.ts';

/** An operation behind its protocol: bytes in, text out. */
export interface RegisteredOperation {
  readonly name: string;
  /** The signing name that callers scope their signature to. */
  readonly service: string;
  /** `ssm:CreatePatchBaseline`. */
  readonly permission: string;
  readonly support: 'supported' | 'unsupported';
  /** What it takes, as its protocol describes it. */
  readonly input: StructureShape | z.ZodType;
  readonly errorShape: (code: string) => ErrorShape | undefined;
  /** Only in REST protocols: the path that it is called by. */
  readonly http?: HttpBinding | undefined;
  /** Only of supported operations. */
  readonly implementation?: Implementation | undefined;
}

export interface Implementation {
  readonly definition: Operation<unknown, unknown>;
  readonly decode: (request: RestRequest) => unknown;
  readonly encode: (output: unknown) => string;
  readonly idempotencyToken: (input: unknown) => string | undefined;
  /** The input as the audit trail keeps it. */
  readonly redact: (input: unknown) => unknown;
}

export interface Service {
  readonly protocol: 'json' | 'rest-json';
  /** What comes before the dot in X-Amz-Target; where paths name the operations, the service's signing name. */
  readonly targetPrefix: string;
  readonly operations: ReadonlyMap<string, RegisteredOperation>;
}

// Each operation's handler is typed by its own input; the registry holds them all, and `decode` makes the input fit.
type AnyOperation = Operation<never, unknown>;

/** All operations of an AWS service: those with a handler are supported, the rest of the model answers that it is not. */
export function defineAwsService(definition: {
  readonly service: string;
  /** Left out for a service in REST-JSON. */
  readonly targetPrefix?: string;
  readonly shapes: ReadonlyMap<string, OperationShape>;
  readonly errors?: AdaptedService['errors'];
  /** How the service names errors that any operation may raise, where SSM names them otherwise. */
  readonly errorTable?: ErrorTable;
  readonly operations: Readonly<Record<string, AnyOperation>>;
}): Service {
  const { service, targetPrefix, shapes, errors, errorTable, operations } = definition;
  const protocol = targetPrefix === undefined ? 'rest-json' : 'json';
  const stray = Object.keys(operations).find((name) => !shapes.has(name));
  if (stray) throw new Error(`${service} has no operation ${stray} in its model`);
  const registered = [...shapes.values()].map((shape): RegisteredOperation => {
    const handler = operations[shape.name];
    return {
      name: shape.name,
      service,
      permission: `${service}:${shape.name}`,
      support: handler ? 'supported' : 'unsupported',
      input: shape.input,
      errorShape: (code) => errors?.get(code),
      http: shape.http,
      implementation: handler && {
        definition: { ...(handler as Operation<unknown, unknown>), errors: { ...errorTable, ...handler.errors } },
        decode: (request) => (protocol === 'json' ? decodeInput(shape, request.body) : decodeRestInput(shape, request)),
        encode: (output) => encodeJson(shape.output, output as Record<string, unknown>),
        idempotencyToken: (input) => findIdempotencyToken(shape.input, input as Record<string, unknown>),
        redact: (input) => withoutSecrets(shape.input, input),
      },
    };
  });
  return {
    protocol,
    targetPrefix: targetPrefix ?? service,
    operations: new Map(registered.map((entry) => [entry.name, entry])),
  };
}

/** A contract of Patchbay's own with the function that fulfils it. */
export interface FulfilledContract {
  readonly contract: OperationContract;
  readonly operation: AnyOperation;
}

/** Joins a contract with an operation whose types fit it. */
export function fulfil<Input extends z.ZodType, Output extends z.ZodType>(
  contract: OperationContract<Input, Output>,
  operation: Operation<z.output<Input>, z.input<Output>>,
): FulfilledContract {
  return { contract, operation };
}

function parseJson(body: Uint8Array): unknown {
  if (body.byteLength === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw serializationError('The request body is not valid JSON in UTF-8.', cause);
  }
}

function contractViolation(error: z.ZodError): AwsError {
  const texts = error.issues.map((issue) => `${issue.message} at '${issue.path.join('.')}'`);
  return validationError(
    `${texts.length} validation error${texts.length === 1 ? '' : 's'} detected: ${texts.join('; ')}`,
  );
}

/** Patchbay's own operations: the same protocol as SSM's, the shapes from zod, members in camelCase as they are. */
export function definePatchbayService(contracts: readonly FulfilledContract[]): Service {
  const registered = contracts.map(
    ({ contract, operation }): RegisteredOperation => ({
      name: contract.name,
      service: 'patchbay',
      permission: contract.permission,
      support: 'supported',
      input: contract.input,
      errorShape: () => undefined,
      implementation: {
        definition: { ...(operation as Operation<unknown, unknown>), isAudited: contract.caller === 'person' },
        decode: ({ body }) => {
          const parsed = contract.input.safeParse(parseJson(body));
          if (!parsed.success) throw contractViolation(parsed.error);
          return parsed.data;
        },
        encode: (output) => JSON.stringify(output),
        idempotencyToken: () => undefined,
        redact: (input) => input,
      },
    }),
  );
  return {
    protocol: 'json',
    targetPrefix: 'Patchbay',
    operations: new Map(registered.map((entry) => [entry.name, entry])),
  };
}
