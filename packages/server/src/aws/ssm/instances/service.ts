import { createPublicKey } from 'node:crypto';
import { announceAccessChange } from '../../../identity/recent-claims.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { ActivationError } from '../activations/errors.ts';
import { redeemActivation } from '../activations/service.ts';
import { writeTags } from '../tags/repository.ts';
import { InstanceError } from './errors.ts';
import {
  findNode,
  findNodeByFingerprint,
  findRegisteredNode,
  insertNode,
  type Node,
  updateNode,
} from './repository.ts';

export interface Registration {
  readonly activationId: string;
  readonly activationCode: string;
  readonly publicKey: string;
  /** Absent: `Rsa`, the only one. */
  readonly publicKeyType?: string | undefined;
  readonly fingerprint: string;
  /** What the node was told; Amazon's agent does not say. */
  readonly region?: string | undefined;
}

function checkPublicKey(base64: string): void {
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
      throw new InstanceError('PUBLIC_KEY', 'PublicKey must be an RSA key of at least 2048 bits.');
    }
  } catch (error) {
    if (error instanceof InstanceError) throw error;
    throw new InstanceError('PUBLIC_KEY', 'PublicKey must be an RSA public key: base64 of DER SubjectPublicKeyInfo.', {
      cause: error,
    });
  }
}

/** Turns an activation into a node of the activation's account and region. */
export async function registerNode(registration: Registration, context: OperationContext): Promise<string> {
  checkPublicKey(registration.publicKey);
  const activation = await redeemActivation(registration.activationId, registration.activationCode, context);
  const scope = { accountId: activation.accountId, region: activation.region };
  if (registration.region !== undefined && registration.region !== scope.region) {
    throw new ActivationError(
      'ACTIVATION_REFUSED',
      `The activation belongs to the region ${scope.region}, not to ${registration.region}. It has not been used.`,
    );
  }
  // `mi-` and 17 hexadecimal digits.
  const instanceId = `mi-${context.dependencies.randomBytes(9).toString('hex').slice(0, 17)}`;
  await insertNode(context.db, {
    ...scope,
    instanceId,
    // A fingerprint that is known: the same machine enrols anew, and its history goes on.
    previousInstanceId: (await findNodeByFingerprint(context.db, scope, registration.fingerprint)) ?? null,
    activationId: activation.activationId,
    iamRole: activation.iamRole,
    name: activation.defaultInstanceName,
    publicKey: registration.publicKey,
    publicKeyType: registration.publicKeyType ?? 'Rsa',
    fingerprint: registration.fingerprint,
    registrationDate: context.now,
    deregisteredAt: null,
    lastPingAt: null,
    agentName: null,
    agentVersion: null,
    platformType: null,
    platformName: null,
    platformVersion: null,
    ipAddress: null,
    computerName: null,
  });
  await writeTags(context.db, scope, { resourceType: 'ManagedInstance', resourceId: instanceId }, activation.tags);
  return instanceId;
}

export interface Ping {
  readonly agentName?: string | undefined;
  readonly agentVersion?: string | undefined;
  readonly platformType?: string | undefined;
  readonly platformName?: string | undefined;
  readonly platformVersion?: string | undefined;
  readonly ipAddress?: string | undefined;
  readonly computerName?: string | undefined;
}

/** Notes what a node says of itself. The first ping of an agent is empty: absent members change nothing. */
export async function recordPing(instanceId: string, ping: Ping, context: OperationContext): Promise<void> {
  await updateNode(context.db, instanceId, {
    ...Object.fromEntries(Object.entries(ping).filter(([, value]) => value !== undefined && value !== '')),
    lastPingAt: context.now,
    stoppedAt: null,
    archivedAt: null,
  });
}

/** Takes a node's new key; the caller proved with the old one who it is. */
export async function replacePublicKey(
  instanceId: string,
  key: { readonly newPublicKey: string; readonly newPublicKeyType: string },
  context: OperationContext,
): Promise<void> {
  checkPublicKey(key.newPublicKey);
  await updateNode(context.db, instanceId, { publicKey: key.newPublicKey, publicKeyType: key.newPublicKeyType });
}

/** Changes what a registered node carries beside its identity: its name or its role. */
export async function changeNode(
  instanceId: string,
  change: { readonly name: string } | { readonly iamRole: string },
  context: OperationContext,
): Promise<void> {
  if (!(await findNode(context.db, context, instanceId))) {
    throw new InstanceError('INSTANCE_ID', `There is no registered node ${instanceId}.`);
  }
  await updateNode(context.db, instanceId, change);
}

/** Takes a node out of management. Its history stays. */
export async function deregisterNode(instanceId: string, context: OperationContext): Promise<void> {
  if (!(await findNode(context.db, context, instanceId))) {
    throw new InstanceError('INSTANCE_ID', `There is no registered node ${instanceId}.`);
  }
  await updateNode(context.db, instanceId, { deregisteredAt: context.now });
  await announceAccessChange(context);
}

/** The node that a role token is asked for; its signature was verified with its key by then. */
export async function findNodeForToken(
  instanceId: string,
  fingerprint: string,
  context: Pick<OperationContext, 'db'>,
): Promise<Node> {
  const node = await findRegisteredNode(context.db, instanceId);
  if (!node) throw new InstanceError('INSTANCE_ID', `There is no registered node ${instanceId}.`);
  if (node.fingerprint !== fingerprint) {
    throw new InstanceError(
      'FINGERPRINT',
      'The fingerprint is not the one that the node enrolled with. If this machine is a copy of another, enrol it anew.',
    );
  }
  return node;
}
