export { type Authorization, parseAuthorization } from './authorization.ts';
export {
  canonicalRequest,
  headersFromRaw,
  type SignableRequest,
  sha256Hex,
  splitRawUrl,
  stringToSign,
} from './canonical-request.ts';
export { formatRequestDate, parseRequestDate } from './request-date.ts';
export {
  readPublicKey,
  type SignRoleTokenOptions,
  signRoleTokenRequest,
  type VerifiedRoleToken,
  type VerifyRoleTokenOptions,
  verifyRoleTokenRequest,
} from './role-token.ts';
export { type Credentials, type OutgoingRequest, type SignRequestOptions, signRequest } from './sign-request.ts';
export { defaultMaxSkewSeconds, type SignatureExpectations } from './signature-checks.ts';
export { SigningError, type SigningErrorCode } from './signing-error.ts';
export {
  createSigningKeyDeriver,
  type DeriveSigningKey,
  deriveSigningKey,
  type SigningScope,
  scopeText,
} from './signing-key.ts';
export {
  type FindSecret,
  type SecretLookup,
  type VerifiedSignature,
  type VerifySignatureOptions,
  verifySignature,
} from './verify-signature.ts';
