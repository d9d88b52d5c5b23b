import {
  AwsError,
  accessDeniedError,
  internalServerError,
  routeRequest,
  type SignableRequest,
  toAwsError,
  unknownOperationError,
  type WireReply,
} from '@patchbay/aws-wire';
import { AppError } from '@patchbay/facts';
import { readTags } from '../aws/ssm/tags/repository.ts';
import { answerQuery } from '../aws/sts/get-caller-identity.ts';
import type { Database } from '../database/tables.ts';
import { runInTransaction, runUntilConnected } from '../database/transaction.ts';
import type { Dependencies } from '../dependencies.ts';
import {
  type Authenticated,
  type Authenticator,
  authenticateRoleToken,
  authenticateSignature,
} from '../identity/authenticate.ts';
import { createAuditTrail, type RecordAuditEvent, recordAuditEvent } from './audit.ts';
import { anyResource, authorize, isLimitedByTags, mayEver, type Resource, reachOf } from './authorize.ts';
import { createOperationFinder, type FindOperation } from './find-operation.ts';
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
  /** `https://patchbay.example:8480`. */
  readonly origin: string;
  readonly signal: AbortSignal;
}

/** What is told about a request when it has ended. */
interface Trace {
  operation: string;
  principal: string;
  result: string;
  isWaiting: boolean;
  /** The agents' data plane: told at debug level only. */
  isAudited: boolean;
}

/** One call on its way through: who, where, what. */
interface Call {
  readonly trace: Trace;
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
  record: RecordAuditEvent,
  call: Call,
  context: OperationContext,
  resource: Resource,
  input: unknown,
  result: string,
) {
  await record({
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
async function handle(
  call: Call,
  context: OperationContext,
  resource: Resource,
  input: unknown,
  record: RecordAuditEvent,
): Promise<unknown> {
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
  if (definition.isAudited !== false) await audit(record, call, context, resource, input, 'success');
  return output;
}

function decode(call: Call): unknown {
  const input = call.implementation.decode(call.request);
  refuseUnstorable(input);
  return input;
}

/** The input; one that cannot be read, or may not be so, is in the audit trail without its content. */
async function decodeAudited(call: Call, caller: OperationContext, record: RecordAuditEvent): Promise<unknown> {
  try {
    return decode(call);
  } catch (error) {
    const isKnownCaller = caller.principal.kind !== 'anonymous';
    if (isKnownCaller && call.implementation.definition.isAudited !== false) {
      const { code } = translateError(error, call.implementation);
      await audit(record, call, caller, anyResource, {}, code);
    }
    throw error;
  }
}

/** Reading needs no transaction: each statement sees what is committed, with one or without. */
function needsTransaction({ operation, implementation }: Call): boolean {
  return implementation.definition.isTransactional ?? !/^(?:Describe|Get|List)/.test(operation.name);
}

/** What a call is about. Tags are read only for callers whose permissions depend on them. */
async function resolveResource(call: Call, context: OperationContext, input: unknown): Promise<Resource> {
  const resource = (await call.implementation.definition.resource?.(input, context)) ?? anyResource;
  const { tagged } = resource;
  if (!tagged || !isLimitedByTags(context.principal)) return resource;
  return { ...resource, tags: await readTags(context.db, context, tagged) };
}

async function deny(
  record: RecordAuditEvent,
  call: Call,
  context: OperationContext,
  permission: string,
  resource: Resource,
  input: unknown,
): Promise<never> {
  await audit(record, call, context, resource, input, 'AccessDeniedException');
  throw accessDeniedError(principalArn(context.principal), permission, resource.arn);
}

/** Denies a call that this caller may never make, whatever is in it: its input has no effect, only the audit reads it. */
async function denyUnread(record: RecordAuditEvent, call: Call, caller: OperationContext): Promise<never> {
  let input: unknown = {};
  let resource = anyResource;
  try {
    const decoded = decode(call);
    resource = await resolveResource(call, caller, decoded);
    input = decoded;
  } catch {
    // What cannot be read is denied all the same.
  }
  return await deny(record, call, caller, call.operation.permission, resource, input);
}

/** A read is tried again when PostgreSQL goes away under it; what waits or reaches out is the caller's to repeat. */
async function handleOutsideTransaction(...parameters: Parameters<typeof handle>): Promise<unknown> {
  const [{ implementation }] = parameters;
  return implementation.definition.isTransactional === false
    ? await handle(...parameters)
    : await runUntilConnected(() => handle(...parameters));
}

async function serve(call: Call, parts: PipelineParts, record: RecordAuditEvent): Promise<string> {
  const { definition, encode } = call.implementation;
  const { permission } = call.operation;
  const { principal, scope } = await authenticate(call, parts);
  call.trace.principal = principalArn(principal);
  const tasks: ((db: Database) => Promise<unknown>)[] = [];
  const caller: OperationContext = {
    principal,
    reach: reachOf(principal, permission),
    ...scope,
    requestId: call.requestId,
    sourceAddress: call.request.sourceAddress,
    origin: call.request.origin,
    now: call.now,
    db: parts.db,
    dependencies: parts.dependencies,
    signal: call.request.signal,
    afterCommit: (task) => void tasks.push(task),
  };
  if (!mayEver(principal, permission)) return await denyUnread(record, call, caller);
  const input = await decodeAudited(call, caller, record);
  const permissions = [permission, ...(definition.needs?.(input) ?? [])];
  const context = {
    ...caller,
    reach: permissions.flatMap((needed) => reachOf(principal, needed)),
    ...(await definition.scope?.(input, caller)),
  };
  const resource = await resolveResource(call, context, input);
  const missing = permissions.find((needed) => !authorize(principal, needed, resource));
  if (missing !== undefined) return await deny(record, call, context, missing, resource, input);
  try {
    const output = needsTransaction(call)
      ? await runInTransaction(parts.db, (db) => {
          // A transaction that is tried again starts from nothing.
          tasks.length = 0;
          return handle(call, { ...context, db }, resource, input, (event) => recordAuditEvent(db, event));
        })
      : await handleOutsideTransaction(call, context, resource, input, record);
    for (const task of tasks) await task(parts.db);
    return encode(output);
  } catch (error) {
    const translated = translateError(error, call.implementation);
    if (definition.isAudited !== false) await audit(record, call, context, resource, input, translated.code);
    throw translated;
  }
}

/**
 * The one way in for every operation: route, authenticate, refuse who may never, decode and constrain, resolve the
 * resource, authorize, handle, encode; audit, metrics and log around it. Never throws: whatever goes wrong becomes AWS's
 * answer to it.
 */
export function createPipeline(parts: PipelineParts): (request: WireRequest) => Promise<WireReply> {
  const { metrics, logger, randomId, clock } = parts.dependencies;
  const record = createAuditTrail(parts.db);
  const findOperation = createOperationFinder(parts.services);
  return async (request) => {
    const startedAt = performance.now();
    const requestId = randomId();
    const trace: Trace = {
      operation: 'unknown',
      principal: 'anonymous',
      result: 'success',
      isWaiting: false,
      isAudited: true,
    };
    const reply = await answer(request, { requestId, now: clock(), trace }, findOperation, { ...parts, record });
    const seconds = (performance.now() - startedAt) / 1000;
    const { operation, principal, result, isWaiting, isAudited } = trace;
    metrics.recordRequest({ operation, result, seconds, isWaiting });
    logger[isAudited ? 'info' : 'debug'](
      { requestId, operation, principal, result, milliseconds: Math.round(seconds * 1e6) / 1e3 },
      'request',
    );
    return reply;
  };
}

async function answer(
  request: WireRequest,
  { requestId, now, trace }: Pick<Call, 'requestId' | 'now' | 'trace'>,
  findOperation: FindOperation,
  parts: PipelineParts & { readonly record: RecordAuditEvent },
): Promise<WireReply> {
  const { dependencies } = parts;
  const routed = routeRequest(request);
  if (routed.protocol === 'query') {
    trace.operation = 'sts';
    const reply = await answerQuery(routed, request, { requestId, now }, parts);
    if (reply.statusCode >= 400) trace.result = 'refused';
    return reply;
  }
  const { operation, encodeReply, encodeError } = findOperation(routed, request, requestId);
  trace.operation = operation?.permission ?? 'unknown';
  const implementation = operation?.implementation;
  if (!operation || !implementation) {
    const message = operation && `${operation.permission} is not supported by Patchbay.`;
    const error = message === undefined ? unknownOperationError() : unknownOperationError(message);
    trace.result = error.code;
    return encodeError(error);
  }
  trace.isWaiting = implementation.definition.isWaiting === true;
  trace.isAudited = implementation.definition.isAudited !== false;
  const stopWaiting = trace.isWaiting ? dependencies.metrics.startWaiting() : undefined;
  try {
    const body = await serve({ request, requestId, now, operation, implementation, trace }, parts, parts.record);
    return encodeReply(body);
  } catch (error) {
    const refused = toAwsError(error);
    trace.result = refused.code;
    if (!refused.senderFault) {
      dependencies.logger.error(
        { requestId, operation: operation.permission, error: refused.cause },
        'operation failed',
      );
    }
    return encodeError(refused);
  } finally {
    stopWaiting?.();
  }
}
