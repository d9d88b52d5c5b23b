import { createPublicKey, verify } from 'node:crypto';
import { authorizationText, type ImageBuildOrder, type SignedAuthorization } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import type { PinnedKey } from '../authorization.ts';
import { BuilderError } from './builder-error.ts';

/**
 * Makes sure that the control plane signed exactly this order for this builder, and that it is not an old one.
 * @throws BuilderError ORDER_REFUSED
 */
export function verifyOrder(
  order: ImageBuildOrder,
  signed: SignedAuthorization | null,
  expected: { readonly key: PinnedKey; readonly nodeId: string; readonly now: Date },
): void {
  const refuse = (problem: string) => new BuilderError('ORDER_REFUSED', `The build is not begun: ${problem}`);
  if (signed === null) throw refuse('its order is not signed');
  const { authorization, keyId, signature } = signed;
  const { key, nodeId, now } = expected;
  if (keyId !== key.keyId) throw refuse(`it is signed with the key ${keyId}, but this node trusts ${key.keyId}`);
  const publicKey = createPublicKey({ key: Buffer.from(key.publicKey, 'base64'), format: 'der', type: 'spki' });
  const text = Buffer.from(authorizationText(authorization));
  const isSigned =
    publicKey.asymmetricKeyType === 'ed25519' && verify(null, text, publicKey, Buffer.from(signature, 'base64'));
  if (!isSigned) throw refuse('its signature is not valid');
  if (authorization.kind !== 'image-build') throw refuse('what was signed is no order to build');
  const isSame = authorization.imageId === order.imageId && authorization.orderDigest === contentDigest(order);
  if (authorization.nodeId !== nodeId || !isSame) throw refuse('it was made for another builder or another image');
  if (Date.parse(authorization.expiresAt) <= now.getTime()) {
    throw refuse(`its order was to be begun before ${authorization.expiresAt}`);
  }
}
