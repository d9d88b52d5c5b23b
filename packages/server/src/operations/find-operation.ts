import {
  type AwsError,
  encodeJsonError,
  encodeRestError,
  encodeRestReply,
  findRestOperation,
  jsonHeaders,
  type RoutedRequest,
  type SignableRequest,
  type WireReply,
} from '@patchbay/aws-wire';
import type { RegisteredOperation, Service } from './registry.ts';

/** What a request asks for, and the form in which it is answered. */
export interface FoundOperation {
  /** Undefined where nothing here has that name or path. */
  readonly operation: RegisteredOperation | undefined;
  readonly encodeReply: (body: string) => WireReply;
  readonly encodeError: (error: AwsError) => WireReply;
}

export type FindOperation = (
  routed: Exclude<RoutedRequest, { protocol: 'query' }>,
  request: SignableRequest,
  requestId: string,
) => FoundOperation;

/**
 * Finds operations by the target that names them; without one by the service in the credential scope and the path, or,
 * where that service has no paths, by the path alone: the signature check will then say which service it should be.
 */
export function createOperationFinder(services: readonly Service[]): FindOperation {
  const named = new Map(services.map((service) => [service.targetPrefix, service]));
  const withPaths = services
    .filter(({ protocol }) => protocol === 'rest-json')
    .map(({ targetPrefix, operations }) => ({ signingName: targetPrefix, operations: [...operations.values()] }));
  const allWithPaths = withPaths.flatMap(({ operations }) => operations);
  return (routed, request, requestId) => {
    if (routed.protocol === 'json11') {
      const service = named.get(routed.targetPrefix);
      const operation = service?.protocol === 'json' ? service.operations.get(routed.operation) : undefined;
      return inJson(operation, { requestId, jsonVersion: routed.jsonVersion });
    }
    const inScope = withPaths.find(({ signingName }) => signingName === routed.service);
    const operation = findRestOperation(inScope?.operations ?? allWithPaths, request);
    return inScope || operation ? inRestJson(operation, { requestId }) : inJson(undefined, { requestId });
  };
}

function inJson(
  operation: RegisteredOperation | undefined,
  context: Parameters<typeof encodeJsonError>[1],
): FoundOperation {
  return {
    operation,
    encodeReply: (body) => ({ statusCode: 200, headers: jsonHeaders(context), body }),
    encodeError: (error) => encodeJsonError(error, context, operation?.errorShape(error.code)),
  };
}

function inRestJson(
  operation: RegisteredOperation | undefined,
  context: Parameters<typeof encodeRestError>[1],
): FoundOperation {
  return {
    operation,
    encodeReply: (body) => encodeRestReply(body, operation?.http?.statusCode ?? 200, context),
    encodeError: (error) => encodeRestError(error, context, operation?.errorShape(error.code)),
  };
}
