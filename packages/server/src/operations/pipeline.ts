import {
  AwsError,
  accessDeniedError,
  encodeJsonError,
  internalServerError,
  jsonHeaders,
  routeRequest,
  type SignableRequest,
  toAwsError,
  unknownOperationError,
  type WireReply,
} from '@patchbay/aws-wire';
import { AppError } from '@patchbay/facts';
import { answerQuery } from '../aws/sts/get-caller-identity.ts';
import type { Database } from '../database/tables.ts';
import { runInTransaction } from '../database/transaction.ts';
import type { Dependencies } from '../dependencies.ts';
import {
  type Authenticated,
  type Authenticator,
  authenticateRoleToken,
  authenticateSignature,
} from '../identity/authenticate.ts';
import { recordAuditEvent } from './audit.ts';
import { authorize, type Resource } from './authorize.ts';
import { runOnce } from './idempotency.ts';
import type { OperationContext } from './operation.ts';
import { operationErrors } from './operation-error.ts';
import { principalArn } from './principal.ts';
import type { Implementation, RegisteredOperation, Service } from './registry.ts';
import { refuseUnstorable } from './storable-text.ts';

export interface PipelineParts {
  readonly db: Database;
  readonly services: readonly Service[];
  readonly authenticator: Authenticator;
  readonly dependencies: Dependencies;
}

export interface WireRequest extends SignableRequest {
  readonly sourceAddress: string;
  readonly signal: AbortSignal;
}

/** One call on its way through: who, where, what. */
interface Call {
  readonly request: WireRequest;
  readonly requestId: string;
  readonly now: Date;
  readonly operation: RegisteredOperation;
  readonly implementation: Implementation;
}

async function authenticate(call: Call, parts: PipelineParts): Promise<Authenticated> {
  const { request, now, operation, implementation } = call;
  switch (implementation.definition.authentication ?? 'signature') {
    case 'signature':
      return await authenticateSignature(request, operation.service, now, parts.authenticator);
    case 'role-token':
      return await authenticateRoleToken(request, now, parts.authenticator);
    case 'none':
      return { principal: { kind: 'anonymous' }, scope: { accountId: '', region: '' } };
  }
}

/** A domain error by the operation's own table; anything else that is thrown is a fault of ours. */
function translateError(error: unknown, implementation: Implementation): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof AppError) {
    const code = implementation.definition.errors?.[error.code] ?? operationErrors[error.code];
    if (code) return new AwsError(code, error.message, { cause: error });
  }
  return internalServerError(error);
}

async function audit(
  db: Database,
  call: Call,
  context: OperationContext,
  resource: Resource,
  input: unknown,
  result: string,
) {
  await recordAuditEvent(db, {
    accountId: context.accountId,
    region: context.region,
    eventId: context.dependencies.randomId(),
    happenedAt: call.now,
    principal: principalArn(context.principal),
    action: call.operation.permission,
    resource: resource.arn,
    sourceAddress: context.sourceAddress,
    requestId: call.requestId,
    result,
    input: call.implementation.redact(input),
  });
}

/** The handler with idempotency and audit around it, on whatever the operation may use of the database. */
async function handle(call: Call, context: OperationContext, resource: Resource, input: unknown): Promise<unknown> {
  const { definition, idempotencyToken } = call.implementation;
  const token = idempotencyToken(input);
  const work = () => definition.handle(input, context);
  const output =
    token === undefined
      ? await work()
      : await runOnce(
          context.db,
          { scope: context, operation: call.operation.permission, token, input, now: call.now },
          work,
        );
  if (definition.isAudited !== false) await audit(context.db, call, context, resource, input, 'success');
  return output;
}

/** The input; one that cannot be read, or may not be so, is in the audit trail without its content. */
async function decodeAudited(call: Call, caller: OperationContext): Promise<unknown> {
  try {
    const input = call.implementation.decode(call.request.body);
    refuseUnstorable(input);
    return input;
  } catch (error) {
    const isKnownCaller = caller.principal.kind !== 'anonymous';
    if (isKnownCaller && call.implementation.definition.isAudited !== false) {
      const { code } = translateError(error, call.implementation);
      await audit(caller.db, call, caller, { arn: '*', tags: {} }, {}, code);
    }
    throw error;
  }
}

async function serve(call: Call, parts: PipelineParts): Promise<string> {
  const { definition, encode } = call.implementation;
  const { principal, scope } = await authenticate(call, parts);
  const caller: OperationContext = {
    principal,
    ...scope,
    requestId: call.requestId,
    sourceAddress: call.request.sourceAddress,
    now: call.now,
    db: parts.db,
    dependencies: parts.dependencies,
    signal: call.request.signal,
  };
  const input = await decodeAudited(call, caller);
  const context = { ...caller, ...(await definition.scope?.(input, caller)) };
  const resource = (await definition.resource?.(input, context)) ?? { arn: '*', tags: {} };
  if (!authorize(principal, call.operation.permission, resource)) {
    await audit(parts.db, call, context, resource, input, 'AccessDeniedException');
    throw accessDeniedError(principalArn(principal), call.operation.permission, resource.arn);
  }
  try {
    const output =
      definition.isTransactional === false
        ? await handle(call, context, resource, input)
        : await runInTransaction(parts.db, (db) => handle(call, { ...context, db }, resource, input));
    return encode(output);
  } catch (error) {
    const translated = translateError(error, call.implementation);
    if (definition.isAudited !== false) await audit(parts.db, call, context, resource, input, translated.code);
    throw translated;
  }
}

/**
 * The one way in for every operation: route, authenticate, decode and constrain, resolve the resource, authorize,
 * handle, encode; audit around it. Never throws: whatever goes wrong becomes AWS's answer to it.
 */
export function createPipeline(parts: PipelineParts): (request: WireRequest) => Promise<WireReply> {
  const { dependencies } = parts;
  const services = new Map(parts.services.map((service) => [service.targetPrefix, service]));
  return async (request) => {
    const requestId = dependencies.randomId();
    const now = dependencies.clock();
    const routed = routeRequest(request);
    if (routed.protocol === 'query') return await answerQuery(routed, request, { requestId, now }, parts);
    const jsonContext = { requestId, ...(routed.protocol === 'json11' ? { jsonVersion: routed.jsonVersion } : {}) };
    const operation =
      routed.protocol === 'json11' ? services.get(routed.targetPrefix)?.operations.get(routed.operation) : undefined;
    if (!operation) return encodeJsonError(unknownOperationError(), jsonContext);
    const { implementation } = operation;
    if (!implementation) {
      return encodeJsonError(
        unknownOperationError(`${operation.permission} is not supported by Patchbay.`),
        jsonContext,
      );
    }
    try {
      const body = await serve({ request, requestId, now, operation, implementation }, parts);
      return { statusCode: 200, headers: jsonHeaders(jsonContext), body };
    } catch (error) {
      const refused = toAwsError(error);
      if (!refused.senderFault) {
        dependencies.logger.error(
          { requestId, operation: operation.permission, error: refused.cause },
          'operation failed',
        );
      }
      return encodeJsonError(refused, jsonContext, operation.errorShape(refused.code));
    }
  };
}
