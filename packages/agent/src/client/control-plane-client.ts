import { createPrivateKey } from 'node:crypto';
import { signRequest, signRoleTokenRequest } from '@patchbay/aws-wire/signing';
import type { OperationContract } from '@patchbay/contracts';
import type { z } from 'zod';
import type { Log } from '../log.ts';
import type { Identity } from '../state/index.ts';
import { systemTimers, type Timers } from '../timers.ts';
import { isAuthenticationError, ServerError, UnreachableError } from './call-errors.ts';
import { exchange } from './exchange.ts';
import { openHttpConnection } from './http-connection.ts';
import { retryTransient } from './retry.ts';
import { createRoleCredentials, RoleToken } from './role-credentials.ts';
import { createServerClock } from './server-clock.ts';
import { createSharedCredentials } from './shared-credentials.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Of one attempt; default 30. */
  readonly timeoutSeconds?: number;
  /** Default 4. Only unreachable servers, 5xx and throttling are worth another. */
  readonly attempts?: number;
  /** Instead of a number of attempts: for how long they go on, for what must not be lost. */
  readonly patienceSeconds?: number;
  /** Told once, when the first attempt failed and another follows. */
  readonly onRetry?: (error: unknown) => void;
}

/** The control plane, called as this node. Every call throws ServerError or UnreachableError. */
export interface ControlPlaneClient {
  callSsm<Output extends z.ZodType>(
    operation: string,
    input: object,
    output: Output,
    options?: CallOptions,
  ): Promise<z.output<Output>>;
  callMessages<Output extends z.ZodType>(
    operation: string,
    input: object,
    output: Output,
    options?: CallOptions,
  ): Promise<z.output<Output>>;
  callPatchbay<Input extends z.ZodType, Output extends z.ZodType>(
    contract: OperationContract<Input, Output>,
    input: z.input<Input>,
    options?: CallOptions,
  ): Promise<z.output<Output>>;
  /** This machine's time, corrected by the control plane's where they were found to differ. */
  now(): Date;
  /** How far this machine's clock is ahead of the control plane's, in seconds; null where no answer came. */
  compareClocks(signal?: AbortSignal): Promise<number | null>;
  close(): void;
}

export interface ClientPorts {
  readonly log: Log;
  readonly timers?: Timers;
}

const defaultTimeoutSeconds = 30;
const defaultAttempts = 4;

/** Who calls whom: with a key of its own, or with credentials that another agent keeps in a file. */
export type ClientIdentity = Pick<Identity, 'instanceId' | 'endpoint' | 'region'> &
  Partial<Pick<Identity, 'caCertificate'>> &
  (Pick<Identity, 'fingerprint' | 'privateKeyPem'> | { readonly credentialsFile: string });

/** @throws AgentError ENDPOINT_INVALID. Nothing is sent before the first call. */
export function createControlPlaneClient(identity: ClientIdentity, ports: ClientPorts): ControlPlaneClient {
  const { timers = systemTimers, log } = ports;
  const connection = openHttpConnection(identity.endpoint, identity.caCertificate ?? null);
  const clock = createServerClock(timers, log);
  const { instanceId, region } = identity;

  const createOwnCredentials = ({ fingerprint, privateKeyPem }: Pick<Identity, 'fingerprint' | 'privateKeyPem'>) => {
    const privateKey = createPrivateKey(privateKeyPem);
    const requestToken = async (signal: AbortSignal | undefined) => {
      const answer = await exchange(connection, clock, {
        target: 'AmazonSSM.RequestManagedInstanceRoleToken',
        input: { Fingerprint: fingerprint },
        sign: (request, now) => signRoleTokenRequest(request, { instanceId, privateKey, region, now }),
        timeoutSeconds: defaultTimeoutSeconds,
        signal,
      });
      return parseAnswer(RoleToken, answer, 'RequestManagedInstanceRoleToken');
    };
    return createRoleCredentials(requestToken, () => clock.now());
  };
  const credentials =
    'credentialsFile' in identity ? createSharedCredentials(identity.credentialsFile) : createOwnCredentials(identity);

  const sendSigned = async (service: string, target: string, input: object, options: CallOptions) => {
    const usable = await credentials.current(options.signal);
    return await exchange(connection, clock, {
      target,
      input,
      sign: (request, now) => signRequest(request, { credentials: usable, region, service, now }),
      timeoutSeconds: options.timeoutSeconds ?? defaultTimeoutSeconds,
      signal: options.signal,
    });
  };

  /** Credentials end early when the control plane changes its keys: one retry with new ones tells the two cases apart. */
  const sendWithFreshCredentials = async (service: string, target: string, input: object, options: CallOptions) => {
    try {
      return await sendSigned(service, target, input, options);
    } catch (error) {
      const isStale =
        error instanceof ServerError &&
        (error.code === 'ExpiredTokenException' || error.code === 'UnrecognizedClientException');
      if (!isStale) throw error;
      credentials.forget();
      return await sendSigned(service, target, input, options);
    }
  };

  const call = async <Output extends z.ZodType>(
    [service, prefix, operation]: readonly [service: string, prefix: string, operation: string],
    input: object,
    output: Output,
    options: CallOptions = {},
  ): Promise<z.output<Output>> => {
    const answer = await retryTransient(
      () => sendWithFreshCredentials(service, `${prefix}.${operation}`, input, options),
      {
        attempts: options.attempts ?? defaultAttempts,
        patienceSeconds: options.patienceSeconds,
        timers,
        signal: options.signal,
        ...(options.onRetry === undefined ? {} : { onRetry: options.onRetry }),
      },
    );
    return parseAnswer(output, answer, operation);
  };

  return {
    callSsm: (operation, input, output, options) => call(['ssm', 'AmazonSSM', operation], input, output, options),
    callMessages: (operation, input, output, options) =>
      call(['ec2messages', 'EC2WindowsMessageDeliveryService', operation], input, output, options),
    callPatchbay: (contract, input, options) =>
      call(['patchbay', 'Patchbay', contract.name], Object(input), contract.output, options),
    now: () => clock.now(),
    async compareClocks(signal) {
      // Any answer does, and credentials are needed next in any case.
      await credentials.current(signal).catch(() => undefined);
      return clock.aheadSeconds();
    },
    close: () => connection.close(),
  };
}

/** What to tell the owner of a node that the control plane does not accept; null for any other error. */
export function explainRejection(error: unknown, instanceId: string): string | null {
  if (!isAuthenticationError(error) || !(error instanceof ServerError)) return null;
  return `The control plane does not accept this node (${error.code}: ${error.message}). If ${instanceId} was deregistered, enrol again with a new activation and an empty state directory.`;
}

export function parseAnswer<Output extends z.ZodType>(
  output: Output,
  answer: unknown,
  operation: string,
): z.output<Output> {
  const parsed = output.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UnreachableError(
    'MALFORMED_ANSWER',
    `The answer to ${operation} has another form than expected: ${issue?.message ?? ''} at ${issue?.path.join('.') ?? ''}`,
    { cause: parsed.error },
  );
}
