import { CodedError } from '../coded-error.ts';

/** Why a request does not prove who sent it. The server maps each code to the AWS error of the protocol in use. */
export type SigningErrorCode =
  | 'MISSING_AUTHENTICATION'
  | 'INCOMPLETE_SIGNATURE'
  | 'UNKNOWN_ACCESS_KEY'
  | 'INVALID_SECURITY_TOKEN'
  | 'EXPIRED_SECURITY_TOKEN'
  | 'SIGNATURE_MISMATCH'
  | 'SIGNATURE_EXPIRED'
  | 'SIGNATURE_NOT_YET_CURRENT'
  | 'WRONG_SCOPE'
  | 'INVALID_PUBLIC_KEY';

/** A refused signature; the message is the text that AWS uses, fit to be shown to the caller. */
export class SigningError extends CodedError<SigningErrorCode> {}
