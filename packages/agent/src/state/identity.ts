import { z } from 'zod';
import { readJsonFile, writeFileDurably } from './durable-file.ts';
import type { StateDirectory } from './state-directory.ts';

/** Who this node is, and whose commands it carries out. */
export const Identity = z.object({
  instanceId: z.string().regex(/^mi-[0-9a-f]{17}$/),
  /** Chosen at enrolment; asked for with every role token. */
  fingerprint: z.uuid(),
  /** RSA-2048, PKCS #8. */
  privateKeyPem: z.string(),
  endpoint: z.url(),
  region: z.string().min(1),
  /** Null for this host. */
  rootDirectory: z.string().nullable(),
  /** The control plane's Ed25519 key (base64 of DER SubjectPublicKeyInfo); null until enrolment is complete. */
  signingKey: z.object({ keyId: z.string(), publicKey: z.string() }).nullable(),
  /** The only certificate authority (PEM) that may vouch for the control plane; null: those that Node trusts. */
  caCertificate: z.string().nullable().default(null),
  /** The Ed25519 key that new versions of the agent must be signed with; null where the control plane had none then. */
  releaseKey: z.object({ keyId: z.string(), publicKey: z.string() }).nullable().default(null),
  enrolledAt: z.iso.datetime(),
});
export type Identity = z.infer<typeof Identity>;

/** Null when this state directory never enrolled. @throws AgentError STATE_DAMAGED */
export function readIdentity(state: StateDirectory): Identity | null {
  return readJsonFile(state.identityFile, Identity);
}

export function writeIdentity(state: StateDirectory, identity: Identity): void {
  writeFileDurably(state.identityFile, `${JSON.stringify(identity, null, 2)}\n`);
}
