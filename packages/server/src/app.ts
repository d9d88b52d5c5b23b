import {
  type AwsError,
  encodeJsonError,
  headersFromRaw,
  requestTooLargeError,
  serializationError,
  toAwsError,
  unknownOperationError,
  type WireReply,
} from '@patchbay/aws-wire';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { registerAgentPackageRoutes } from './agent-packages/index.ts';
import { ec2Messages } from './aws/ec2messages/index.ts';
import { imageBuilder } from './aws/imagebuilder/index.ts';
import { commandOutputDownloads } from './aws/ssm/commands/output-download.ts';
import { ssm } from './aws/ssm/index.ts';
import { patchSnapshotDownloads } from './aws/ssm/patch-snapshots/download.ts';
import type { Database } from './database/tables.ts';
import type { Dependencies } from './dependencies.ts';
import { serveDownloads } from './downloads/serve-downloads.ts';
import type { Authenticator } from './identity/authenticate.ts';
import { createMalformedRequestHandler } from './malformed-http.ts';
import { addObservabilityRoutes, type Observability } from './observability/index.ts';
import { createPipeline } from './operations/pipeline.ts';
import { patchbay } from './patchbay/index.ts';
import { createRunningCalls } from './running-calls.ts';
import type { ServerTls } from './tls/index.ts';

/** Facts of a large machine are about a megabyte; nothing else comes near. */
const bodyLimitBytes = 8 * 1024 * 1024;
/** Above the idle time of the clients' own pools, so that they and not we close a connection. */
const keepAliveMilliseconds = 75_000;

export interface AppParts {
  readonly db: Database;
  readonly dependencies: Dependencies;
  readonly authenticator: Authenticator;
  readonly tls?: ServerTls | undefined;
  /** Who may look, and whether the server can serve; without it there are no such routes. */
  readonly observability?: Observability | undefined;
  /** Aborted when the server wants to stop: waiting polls end at once. */
  readonly stopping: AbortSignal;
}

/** Every service that this server speaks. */
export const services = [ssm, ec2Messages, imageBuilder, patchbay];

/** With the date that signatures are held against: SDKs correct their own clock by it and try again. */
function send(reply: FastifyReply, answer: WireReply, now: Date): FastifyReply {
  return (
    reply
      .code(answer.statusCode)
      .headers(answer.headers)
      .header('Date', now.toUTCString())
      // As bytes: to a text fastify would add a charset, which AWS's content type has not.
      .send(Buffer.from(answer.body))
  );
}

/**
 * Signals that end with the request's connection or with the server, whichever comes first. Not by AbortSignal.any: the
 * server's own signal would remember each of them until they are collected as garbage.
 */
function createCallerSignals(stopping: AbortSignal): (reply: FastifyReply) => AbortSignal {
  const callers = new Set<AbortController>();
  stopping.addEventListener('abort', () => {
    for (const caller of callers) caller.abort();
  });
  return (reply) => {
    const caller = new AbortController();
    if (stopping.aborted) caller.abort();
    callers.add(caller);
    reply.raw.once('close', () => {
      callers.delete(caller);
      if (!reply.raw.writableFinished) caller.abort();
    });
    return caller.signal;
  };
}

/**
 * Where the caller finds the server. The host is part of every signature, so it is what the caller meant; a proxy that
 * ends TLS says so in X-Forwarded-Proto, and whoever forges that fools only himself.
 */
function originOf(request: FastifyRequest, isTls: boolean): string {
  const scheme = isTls || request.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  const address = `${scheme}://${request.headers.host ?? ''}`;
  return URL.canParse(address) ? new URL(address).origin : '';
}

/** What the framework refuses before a request reaches the pipeline, in AWS's form. */
function refusalOf(error: FastifyError): AwsError {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return requestTooLargeError(bodyLimitBytes);
  // A path that cannot be decoded is that of no operation.
  if (error.code === 'FST_ERR_BAD_URL') return unknownOperationError();
  const isClientFault = error.statusCode !== undefined && error.statusCode < 500;
  return isClientFault ? serializationError(error.message, error) : toAwsError(error);
}

/** Builds the HTTP server: one way in for every operation, bodies as the bytes that were signed. */
export function buildApp(parts: AppParts): FastifyInstance {
  const { dependencies, stopping, tls } = parts;
  const refuse = (error: FastifyError, reply: FastifyReply) => {
    const requestId = dependencies.randomId();
    const refused = refusalOf(error);
    if (!refused.senderFault) dependencies.logger.error({ requestId, error }, 'request failed');
    return send(reply, encodeJsonError(refused, { requestId }), dependencies.clock());
  };
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    keepAliveTimeout: keepAliveMilliseconds,
    requestTimeout: 0,
    forceCloseConnections: 'idle',
    logger: false,
    frameworkErrors: (error, _request, reply: FastifyReply) => void refuse(error, reply),
    clientErrorHandler: createMalformedRequestHandler(dependencies),
    // Without Host a request is told what it lacks by us, in AWS's form, not by Node without a word. The types of fastify
    // tie the server's kind to this option; the plain instance is all that is used here.
    ...((tls
      ? { https: { ...tls.material, requireHostHeader: false } }
      : { http: { requireHostHeader: false } }) as object),
  });
  // RFC 9110, 10.1.1: an expectation that is not understood may be ignored; Node would refuse it without a word.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const answer = createPipeline({ db: parts.db, services, authenticator: parts.authenticator, dependencies });
  const callerSignal = createCallerSignals(stopping);
  const running = createRunningCalls();
  app.addHook('onClose', () => running.ended());
  const handle = async (request: FastifyRequest, reply: FastifyReply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const call = answer({
      method: request.method,
      rawUrl: request.raw.url ?? '/',
      headers: headersFromRaw(request.raw.rawHeaders),
      body,
      sourceAddress: request.ip,
      origin: originOf(request, tls !== undefined),
      signal: callerSignal(reply),
    });
    const reached = await running.follow(call);
    return send(reply, reached, dependencies.clock());
  };
  if (parts.observability) addObservabilityRoutes(app, dependencies.metrics, parts.observability);
  const { authority } = tls ?? {};
  if (authority) {
    // Public by nature: a node compares its digest with what its owner told it before it trusts it.
    app.get('/ca.pem', async (_request, reply) =>
      reply.header('Content-Type', 'application/x-pem-file').send(authority.certificate),
    );
  }
  serveDownloads(app, { db: parts.db, dependencies, sources: [patchSnapshotDownloads, commandOutputDownloads] });
  registerAgentPackageRoutes(app, dependencies.agentPackages);
  app.all('/', handle);
  app.all('/*', handle);
  // Methods that the router does not know end like any other call that names no operation.
  app.setNotFoundHandler(handle);
  app.setErrorHandler((error: FastifyError, _request, reply) => refuse(error, reply));
  return app;
}
