import { createPublicKey, verify } from 'node:crypto';
import { authorizationText, type PlanAuthorization, type SignedAuthorization } from '@patchbay/contracts';
import type { Plan } from '@patchbay/facts';
import { planDigest } from '@patchbay/patching';
import type { PinnedKey } from '../authorization.ts';
import { PatcherError } from './patcher-error.ts';

/**
 * Makes sure that the control plane signed exactly this plan for this node and operation. Its expiry is not looked at:
 * it ends the beginning of changes, not the finishing of what was begun.
 * @throws PatcherError NOT_AUTHORIZED
 */
export function verifyPlan(
  plan: Plan,
  signed: SignedAuthorization,
  expected: { readonly key: PinnedKey; readonly nodeId: string; readonly operationId: string },
): PlanAuthorization {
  const { authorization } = signed;
  const refuse = (problem: string) => new PatcherError('NOT_AUTHORIZED', `The plan is not carried out: ${problem}`);
  if (signed.keyId !== expected.key.keyId) {
    throw refuse(`it is signed with the key ${signed.keyId}, but this node trusts ${expected.key.keyId}`);
  }
  const publicKey = createPublicKey({
    key: Buffer.from(expected.key.publicKey, 'base64'),
    format: 'der',
    type: 'spki',
  });
  const text = Buffer.from(authorizationText(authorization));
  if (
    publicKey.asymmetricKeyType !== 'ed25519' ||
    !verify(null, text, publicKey, Buffer.from(signed.signature, 'base64'))
  ) {
    throw refuse('its signature is not valid');
  }
  if (authorization.kind !== 'plan') throw refuse('what was signed is no plan');
  const found = [authorization.nodeId, authorization.operationId, plan.nodeId, plan.operationId, plan.planId];
  const wanted = [expected.nodeId, expected.operationId, expected.nodeId, expected.operationId, authorization.planId];
  if (found.some((value, position) => value !== wanted[position])) {
    throw refuse('it was made for another node or operation');
  }
  if (planDigest(plan) !== authorization.planDigest) throw refuse('it is not the one that was signed');
  return authorization;
}
