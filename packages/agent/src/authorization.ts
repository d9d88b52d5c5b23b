import { createPublicKey, verify } from 'node:crypto';
import { authorizationText, SignedAuthorization } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';

/** What a received command claims to be; the authorization must name exactly this. */
export interface CommandClaim {
  readonly nodeId: string;
  readonly commandId: string;
  readonly documentName: string;
  readonly documentContent: unknown;
  readonly parameters: unknown;
  /** `PatchbayDocuments` of the payload: what its steps run; undefined for none. */
  readonly nestedDocuments?: unknown;
  /** `PatchbayAuthorization` of the payload; undefined where a message carries none. */
  readonly authorization: unknown;
}

export interface PinnedKey {
  readonly keyId: string;
  readonly publicKey: string;
}

/** Why a command must not run, as a sentence; null when the pinned key signed exactly this command and it is still valid. */
export function explainUnauthorized(claim: CommandClaim, pinned: PinnedKey, now: Date): string | null {
  if (claim.authorization === undefined || claim.authorization === null) {
    return 'The command is not signed. This node runs only what its control plane signed.';
  }
  const parsed = SignedAuthorization.safeParse(claim.authorization);
  if (!parsed.success) return 'The signature of the command cannot be read.';
  const { authorization, keyId, signature } = parsed.data;
  if (keyId !== pinned.keyId) {
    return `The command is signed with the key ${keyId}; this node pinned ${pinned.keyId} when it enrolled. If the control plane has a new key, enrol the node again.`;
  }
  if (!isSigned(authorizationText(authorization), signature, pinned)) {
    return 'The signature of the command is wrong: it was not made by the control plane that this node enrolled with.';
  }
  if (authorization.kind !== 'command') return 'The signature belongs to a plan and not to a command.';
  const { nestedDocuments } = claim;
  const nestedDigest = nestedDocuments === undefined ? undefined : contentDigest(nestedDocuments);
  const mismatches = [
    [authorization.nestedDigest, nestedDigest, 'documents that its steps run'],
    [authorization.nodeId, claim.nodeId, 'node'],
    [authorization.commandId, claim.commandId, 'command id'],
    [authorization.documentName, claim.documentName, 'document name'],
    [authorization.documentDigest, contentDigest(claim.documentContent), 'document content'],
    [authorization.parametersDigest, contentDigest(claim.parameters), 'parameters'],
  ] as const;
  const wrong = mismatches.find(([signed, received]) => signed !== received);
  if (wrong !== undefined) return `The signature was made for another ${wrong[2]} than the one received.`;
  if (Date.parse(authorization.expiresAt) <= now.getTime()) {
    return `The command expired at ${authorization.expiresAt}; it is ${now.toISOString()} now.`;
  }
  return null;
}

function isSigned(text: string, signature: string, pinned: PinnedKey): boolean {
  const key = createPublicKey({ key: Buffer.from(pinned.publicKey, 'base64'), format: 'der', type: 'spki' });
  return key.asymmetricKeyType === 'ed25519' && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}
