import { generateKeyPair, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { GetSigningKey } from '@patchbay/contracts';
import { z } from 'zod';
import { AgentError } from './agent-error.ts';
import {
  checkEndpoint,
  createControlPlaneClient,
  createServerClock,
  exchange,
  fetchPinnedAuthority,
  hasFingerprint,
  openHttpConnection,
  parseAnswer,
  retryTransient,
  ServerError,
  UnreachableError,
} from './client/index.ts';
import { describeError, type Log } from './log.ts';
import { type Identity, readIdentity, type StateDirectory, writeIdentity } from './state/index.ts';
import { systemTimers, type Timers } from './timers.ts';

/** What a start of the agent was given. All but the root directory may be left out once the node is enrolled. */
export interface EnrolmentRequest {
  readonly endpoint: string | null;
  readonly region: string | null;
  readonly activation: { readonly id: string; readonly code: string } | null;
  /** `sha256:…` of the control plane's own certificate authority, the only one to be trusted from then on. */
  readonly caFingerprint?: string | null | undefined;
  /** An absolute, resolved path; null for this host. Undefined: as enrolled, for a new node this host. */
  readonly rootDirectory?: string | null | undefined;
}

export interface EnrolmentPorts {
  readonly log: Log;
  readonly timers?: Timers;
  readonly signal?: AbortSignal;
}

/** An identity with the key that commands are checked against. */
export type EnrolledIdentity = Identity & { readonly signingKey: NonNullable<Identity['signingKey']> };

/**
 * The identity of this state directory: the one that it has, or a new one by the activation. The node's own key is made
 * here and never leaves. The control plane's signing key is pinned once, at the end of the first enrolment.
 *
 * @throws AgentError NOT_ENROLLED, ACTIVATION_REFUSED, ENROLMENT_FAILED, ENROLMENT_MISMATCH, ENDPOINT_INVALID,
 * CA_REFUSED;
 * ServerError or UnreachableError while the pinned key is fetched
 */
export async function enrol(
  state: StateDirectory,
  request: EnrolmentRequest,
  ports: EnrolmentPorts,
): Promise<EnrolledIdentity> {
  const known = readIdentity(state);
  const identity =
    known === null ? await register(state, request, ports) : await keepIdentity(state, known, request, ports.log);
  if (identity.signingKey !== null) return { ...identity, signingKey: identity.signingKey };
  return await pinSigningKey(state, identity, ports);
}

async function keepIdentity(
  state: StateDirectory,
  identity: Identity,
  request: EnrolmentRequest,
  log: Log,
): Promise<Identity> {
  const { endpoint, region, activation, rootDirectory } = request;
  if (region !== null && region !== identity.region) {
    throw new AgentError(
      'ENROLMENT_MISMATCH',
      `${state.path} is enrolled in ${identity.region}, not in ${region}. Use another state directory for another enrolment.`,
    );
  }
  if (rootDirectory !== undefined && rootDirectory !== identity.rootDirectory) {
    throw new AgentError(
      'ENROLMENT_MISMATCH',
      `${state.path} is the state of ${identity.rootDirectory ?? 'this host'}, not of ${rootDirectory ?? 'this host'}. Use another state directory.`,
    );
  }
  if (activation !== null) {
    log({ level: 'info', message: `Already enrolled as ${identity.instanceId}: the activation is not used.` });
  }
  const address = endpoint ?? identity.endpoint;
  checkEndpoint(address);
  const caCertificate = await keepAuthority(identity, address, request.caFingerprint ?? null);
  if (address === identity.endpoint && caCertificate === identity.caCertificate) return identity;
  const changed = { ...identity, endpoint: address, caCertificate };
  writeIdentity(state, changed);
  if (address !== identity.endpoint) {
    log({ level: 'info', message: `The control plane is now called at ${address}, before at ${identity.endpoint}.` });
  }
  if (caCertificate !== identity.caCertificate) {
    log({
      level: 'info',
      message: 'Only the certificate authority with the given fingerprint is trusted from now on.',
    });
  }
  return changed;
}

/** The pinned authority; another one when its owner names another. */
async function keepAuthority(
  { caCertificate }: Identity,
  endpoint: string,
  fingerprint: string | null,
): Promise<string | null> {
  if (fingerprint === null || (caCertificate !== null && hasFingerprint(caCertificate, fingerprint))) {
    return caCertificate;
  }
  return await fetchPinnedAuthority(endpoint, fingerprint);
}

async function register(state: StateDirectory, request: EnrolmentRequest, ports: EnrolmentPorts): Promise<Identity> {
  const { endpoint, region, activation } = request;
  if (endpoint === null || region === null || activation === null) {
    throw new AgentError(
      'NOT_ENROLLED',
      `${state.path} is not enrolled yet: give --endpoint, --region, --activation-id and --activation-code once.`,
    );
  }
  // Before anything is sent: to a stranger the activation code must not go.
  const caCertificate = await pinAuthority(endpoint, request.caFingerprint ?? null, ports);
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const fingerprint = randomUUID();
  const instanceId = await requestRegistration({ endpoint, caCertificate }, activation, ports, {
    Fingerprint: fingerprint,
    PublicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    PublicKeyType: 'Rsa',
    // Not of the SSM Agent's protocol: lets the control plane refuse before the activation is used.
    Region: region,
  });
  const identity: Identity = {
    instanceId,
    fingerprint,
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    endpoint,
    region,
    rootDirectory: request.rootDirectory ?? null,
    signingKey: null,
    caCertificate,
    releaseKey: null,
    enrolledAt: (ports.timers ?? systemTimers).now().toISOString(),
  };
  // Written before anything else can fail: the activation is used up, and the key exists nowhere else.
  writeIdentity(state, identity);
  ports.log({ level: 'info', message: `Enrolled at ${endpoint} as ${instanceId}.` });
  return identity;
}

async function pinAuthority(
  endpoint: string,
  fingerprint: string | null,
  { log, timers = systemTimers, signal }: EnrolmentPorts,
): Promise<string | null> {
  if (fingerprint === null) return null;
  return await retryTransient(() => fetchPinnedAuthority(endpoint, fingerprint), {
    attempts: 6,
    timers,
    signal,
    onRetry: (error) => log({ level: 'warning', message: `${describeError(error)}; trying again` }),
  });
}

async function requestRegistration(
  server: Pick<Identity, 'endpoint' | 'caCertificate'>,
  activation: { readonly id: string; readonly code: string },
  { log, timers = systemTimers, signal }: EnrolmentPorts,
  node: Readonly<Record<'Fingerprint' | 'PublicKey' | 'PublicKeyType' | 'Region', string>>,
): Promise<string> {
  const connection = openHttpConnection(server.endpoint, server.caCertificate);
  const clock = createServerClock(timers, log);
  const attempt = async () => {
    try {
      return await exchange(connection, clock, {
        target: 'AmazonSSM.RegisterManagedInstance',
        input: { ActivationId: activation.id, ActivationCode: activation.code, ...node },
        sign: (request) => request.headers,
        timeoutSeconds: 30,
        signal,
      });
    } catch (error) {
      throw explainRefusal(error);
    }
  };
  try {
    const answer = await retryTransient(attempt, {
      attempts: 6,
      timers,
      signal,
      onRetry: (error) => log({ level: 'warning', message: `${describeError(error)}; trying again` }),
    });
    return parseAnswer(z.object({ InstanceId: z.string() }), answer, 'RegisterManagedInstance').InstanceId;
  } finally {
    connection.close();
  }
}

/** What did not leave this machine and what the server refused for the moment is tried again; the rest is final. */
function explainRefusal(error: unknown): unknown {
  if (error instanceof UnreachableError && error.code !== 'NOT_CONNECTED' && error.code !== 'ABORTED') {
    return new AgentError(
      'ENROLMENT_FAILED',
      `${error.message}. Whether the activation was used is unknown: look for a new node, and create another activation if there is none.`,
      { cause: error },
    );
  }
  if (!(error instanceof ServerError)) return error;
  if (error.code === 'InvalidActivation' || error.code === 'InvalidActivationId') {
    return new AgentError(
      'ACTIVATION_REFUSED',
      `The control plane refused the activation: ${error.message} Check id and code, or create a new one with: aws ssm create-activation`,
      { cause: error },
    );
  }
  if (error.statusCode >= 500 || error.code === 'TooManyUpdates' || error.code === 'ThrottlingException') return error;
  return new AgentError('ENROLMENT_FAILED', `Enrolment was refused (${error.code}): ${error.message}`, {
    cause: error,
  });
}

async function pinSigningKey(
  state: StateDirectory,
  identity: Identity,
  { log, timers = systemTimers, signal }: EnrolmentPorts,
): Promise<EnrolledIdentity> {
  const client = createControlPlaneClient(identity, { log, timers });
  try {
    const options = signal === undefined ? {} : { signal };
    const { keyId, publicKey, releaseKey = null } = await client.callPatchbay(GetSigningKey, {}, options);
    const pinned = { ...identity, signingKey: { keyId, publicKey }, releaseKey };
    writeIdentity(state, pinned);
    log({ level: 'info', message: `Commands must be signed with the key ${keyId} from now on.` });
    return pinned;
  } finally {
    client.close();
  }
}
