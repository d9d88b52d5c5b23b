import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Authorization, parseAuthorization } from './authorization.ts';
import type { SignableRequest } from './canonical-request.ts';
import {
  checkClock,
  checkScope,
  checkSignedHeaders,
  expectedStringToSign,
  mismatch,
  type SignatureExpectations,
} from './signature-checks.ts';
import { SigningError } from './signing-error.ts';
import { type DeriveSigningKey, deriveSigningKey } from './signing-key.ts';

/** What a key store answers about an access key id and the session token that came with it. */
export type SecretLookup =
  | { readonly status: 'found'; readonly secretAccessKey: string }
  | { readonly status: 'unknown-access-key' }
  | { readonly status: 'invalid-session-token' }
  | { readonly status: 'expired-session-token' };

/** Answers with the secret only when key and session token belong together and are valid now. */
export type FindSecret = (accessKeyId: string, sessionToken: string | undefined) => Promise<SecretLookup>;

export interface VerifySignatureOptions extends SignatureExpectations {
  readonly findSecret: FindSecret;
  /** Default: the deriver of the process. */
  readonly deriveSigningKey?: DeriveSigningKey;
}

/** Who signed, proven. */
export interface VerifiedSignature {
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  readonly region: string;
  readonly service: string;
  readonly signedAt: Date;
  readonly form: Authorization['form'];
}

/**
 * Verifies a SigV4 signature in header or presigned form, in AWS's order: parse, key and token, scope, signature,
 * clock. Throws SigningError; pass `authorization` when it has been parsed already.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function verifySignature(
  request: SignableRequest,
  options: VerifySignatureOptions,
  authorization: Authorization | undefined = parseAuthorization(request),
): Promise<VerifiedSignature> {
  if (authorization === undefined) {
    throw new SigningError('MISSING_AUTHENTICATION', 'Missing Authentication Token');
  }
  const lookup = await options.findSecret(authorization.accessKeyId, authorization.sessionToken);
  if (lookup.status !== 'found') throw lookupError(lookup);
  checkScope(authorization, options);
  checkSignedHeaders(request, authorization);
  const signingKey = (options.deriveSigningKey ?? deriveSigningKey)(lookup.secretAccessKey, authorization);
  const expected = createHmac('sha256', signingKey).update(expectedStringToSign(request, authorization)).digest('hex');
  if (!isEqualInConstantTime(expected, authorization.signature)) throw mismatch();
  checkClock(authorization, options);
  return {
    accessKeyId: authorization.accessKeyId,
    sessionToken: authorization.sessionToken,
    region: authorization.region,
    service: authorization.service,
    signedAt: authorization.requestDate,
    form: authorization.form,
  };
}

const lookupCodes = {
  'unknown-access-key': 'UNKNOWN_ACCESS_KEY',
  'invalid-session-token': 'INVALID_SECURITY_TOKEN',
  'expired-session-token': 'EXPIRED_SECURITY_TOKEN',
} as const;

function lookupError({ status }: Exclude<SecretLookup, { readonly status: 'found' }>): SigningError {
  // AWS ends the one sentence with a full stop and the other without.
  const message =
    status === 'expired-session-token'
      ? 'The security token included in the request is expired'
      : 'The security token included in the request is invalid.';
  return new SigningError(lookupCodes[status], message);
}

function isEqualInConstantTime(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}
