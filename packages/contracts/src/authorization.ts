import { canonicalJson } from '@patchbay/facts';
import { z } from 'zod';

/**
 * What the control plane signs (Ed25519) so that an agent runs nothing else: one command for one node. The hashes are
 * `sha256:<hex>` of the canonical JSON of the document and of the parameters.
 */
export const CommandAuthorization = z.object({
  kind: z.literal('command'),
  nodeId: z.string(),
  commandId: z.string(),
  documentName: z.string(),
  documentDigest: z.string(),
  parametersDigest: z.string(),
  /** Of the documents that its steps run, by name; absent where they run none. */
  nestedDigest: z.string().optional(),
  expiresAt: z.iso.datetime(),
});
export type CommandAuthorization = z.infer<typeof CommandAuthorization>;

/** The same for a frozen plan. */
export const PlanAuthorization = z.object({
  kind: z.literal('plan'),
  nodeId: z.string(),
  operationId: z.string(),
  planId: z.string(),
  planDigest: z.string(),
  expiresAt: z.iso.datetime(),
});
export type PlanAuthorization = z.infer<typeof PlanAuthorization>;

/** The same for one build of an image by one builder; the digest is that of the whole order. */
export const ImageBuildAuthorization = z.object({
  kind: z.literal('image-build'),
  nodeId: z.string(),
  imageId: z.string(),
  orderDigest: z.string(),
  expiresAt: z.iso.datetime(),
});
export type ImageBuildAuthorization = z.infer<typeof ImageBuildAuthorization>;

const Authorization = z.discriminatedUnion('kind', [CommandAuthorization, PlanAuthorization, ImageBuildAuthorization]);
export type Authorization = z.infer<typeof Authorization>;

/** An authorization with the signature over `authorizationText`; key and signature in base64. */
export const SignedAuthorization = z.object({
  authorization: Authorization,
  keyId: z.string(),
  signature: z.string(),
});
export type SignedAuthorization = z.infer<typeof SignedAuthorization>;

/** The text that is signed: a fixed prefix keeps a signature from being read as one of another kind. */
export function authorizationText(authorization: Authorization): string {
  return `patchbay-authorization-1\n${canonicalJson(authorization)}`;
}
