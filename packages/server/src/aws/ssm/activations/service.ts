import { createHash, timingSafeEqual } from 'node:crypto';
import type { OperationContext } from '../../../operations/operation.ts';
import { type Tag, tagsByKey } from '../tags/service.ts';
import { ActivationError } from './errors.ts';
import {
  type Activation,
  countRegistration,
  deleteActivation as deleteActivationRow,
  insertActivation,
  lockActivation,
} from './repository.ts';

const hour = 3_600_000;
const defaultLifetime = 24 * hour;
/** CreateActivation: "up to 30 days in the future". */
const longestLifetime = 30 * 24 * hour;
/** 128 bits, written in 32 hexadecimal digits: longer than the 20 characters that the API asks for. */
const codeBytes = 16;

export interface ActivationRequest {
  readonly iamRole: string;
  readonly description?: string | undefined;
  readonly defaultInstanceName?: string | undefined;
  readonly registrationLimit?: number | undefined;
  readonly expirationDate?: Date | undefined;
  readonly tags?: readonly Tag[] | undefined;
}

function hashCode(code: string): string {
  // The code has 128 random bits: there is nothing to guess, so no slow hash is needed.
  return createHash('sha256').update(code).digest('hex');
}

function expirationOf(request: ActivationRequest, now: Date): Date {
  if (!request.expirationDate) return new Date(now.getTime() + defaultLifetime);
  const lifetime = request.expirationDate.getTime() - now.getTime();
  if (lifetime <= 0) {
    throw new ActivationError('ACTIVATION_PARAMETERS', 'ExpirationDate must lie in the future.');
  }
  if (lifetime > longestLifetime) {
    throw new ActivationError('ACTIVATION_PARAMETERS', 'ExpirationDate must be no more than 30 days from now.');
  }
  return request.expirationDate;
}

/** Makes an activation. The code is told once and kept only as a hash. */
export async function createActivation(
  request: ActivationRequest,
  context: OperationContext,
): Promise<{ activationId: string; activationCode: string }> {
  const { randomBytes, randomId } = context.dependencies;
  const activationId = randomId();
  const activationCode = randomBytes(codeBytes).toString('hex');
  await insertActivation(context.db, {
    accountId: context.accountId,
    region: context.region,
    activationId,
    codeHash: hashCode(activationCode),
    iamRole: request.iamRole,
    description: request.description ?? null,
    defaultInstanceName: request.defaultInstanceName ?? null,
    registrationLimit: request.registrationLimit ?? 1,
    expirationDate: expirationOf(request, context.now),
    tags: JSON.stringify(tagsByKey(request.tags ?? [])),
    createdDate: context.now,
    deletedAt: null,
  });
  return { activationId, activationCode };
}

/** Ends an activation. Nodes that enrolled with it stay. */
export async function deleteActivation(activationId: string, context: OperationContext): Promise<void> {
  if (!(await deleteActivationRow(context.db, context, activationId, context.now))) {
    throw new ActivationError('ACTIVATION_ID', `There is no activation ${activationId}.`);
  }
}

/**
 * Takes one use of an activation for a new node. An unknown id and a wrong code get the same answer, so that ids
 * cannot be probed.
 */
export async function redeemActivation(
  activationId: string,
  activationCode: string,
  context: Pick<OperationContext, 'db' | 'now'>,
): Promise<Activation> {
  const activation = await lockActivation(context.db, activationId);
  const given = Buffer.from(hashCode(activationCode));
  if (!activation || !timingSafeEqual(given, Buffer.from(activation.codeHash)) || activation.deletedAt) {
    throw new ActivationError('ACTIVATION_REFUSED', 'The activation id and code do not belong to a valid activation.');
  }
  if (activation.expirationDate <= context.now) {
    throw new ActivationError(
      'ACTIVATION_REFUSED',
      `The activation expired at ${activation.expirationDate.toISOString()}. Create a new one.`,
    );
  }
  if (activation.registrationsCount >= activation.registrationLimit) {
    throw new ActivationError(
      'ACTIVATION_REFUSED',
      `The activation's registration limit of ${activation.registrationLimit} is used up. Create a new one.`,
    );
  }
  await countRegistration(context.db, activationId);
  return activation;
}
