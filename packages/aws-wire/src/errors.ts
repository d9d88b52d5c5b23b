import { CodedError } from './coded-error.ts';
import { encodeStructure } from './json/encode.ts';
import type { ErrorShape } from './shape.ts';
import { SigningError, type SigningErrorCode } from './signing/signing-error.ts';

export interface AwsErrorDetails {
  /** Default 400, which JSON 1.1 uses for nearly all client errors. */
  readonly statusCode?: number;
  /** Members beside the message, in camelCase; only those that the error's shape names reach the wire. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An error as AWS's clients know it: `code` is the exception's name without namespace. */
export class AwsError extends CodedError<string> {
  readonly statusCode: number;
  /** Whether the caller is to blame; false for 5xx. */
  readonly senderFault: boolean;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: AwsErrorDetails = {}) {
    super(code, message, details.cause === undefined ? undefined : { cause: details.cause });
    this.statusCode = details.statusCode ?? 400;
    this.senderFault = this.statusCode < 500;
    this.members = details.members ?? {};
  }
}

/** No such operation here. AWS sends no message; ours may say that the operation is known but not supported. */
export function unknownOperationError(message = ''): AwsError {
  return new AwsError('UnknownOperationException', message);
}

/** The body cannot be read as what the operation takes. */
export function serializationError(message: string, cause?: unknown): AwsError {
  return new AwsError('SerializationException', message, { cause });
}

/** The input can be read but may not be so. */
export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

function unrecognizedClientError(): AwsError {
  return new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.');
}

/** `action` as policies write it (`ssm:CreatePatchBaseline`); `principalArn` and `resourceArn` are full ARNs. */
export function accessDeniedError(principalArn: string, action: string, resourceArn: string): AwsError {
  return new AwsError(
    'AccessDeniedException',
    `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resourceArn} because no identity-based policy allows the ${action} action`,
  );
}

export function throttlingError(): AwsError {
  return new AwsError('ThrottlingException', 'Rate exceeded');
}

export function requestTooLargeError(limitBytes: number): AwsError {
  return new AwsError('RequestEntityTooLargeException', `The request body is larger than ${limitBytes} bytes.`, {
    statusCode: 413,
  });
}

/** For everything unforeseen: the cause is for the log, the caller sees neither it nor a message. */
export function internalServerError(cause?: unknown): AwsError {
  return new AwsError('InternalServerError', 'An internal error occurred.', { statusCode: 500, cause });
}

const signingErrorNames: Readonly<Record<SigningErrorCode, string>> = {
  MISSING_AUTHENTICATION: 'MissingAuthenticationTokenException',
  INCOMPLETE_SIGNATURE: 'IncompleteSignatureException',
  UNKNOWN_ACCESS_KEY: 'UnrecognizedClientException',
  INVALID_SECURITY_TOKEN: 'UnrecognizedClientException',
  EXPIRED_SECURITY_TOKEN: 'ExpiredTokenException',
  SIGNATURE_MISMATCH: 'InvalidSignatureException',
  SIGNATURE_EXPIRED: 'InvalidSignatureException',
  SIGNATURE_NOT_YET_CURRENT: 'InvalidSignatureException',
  WRONG_SCOPE: 'InvalidSignatureException',
  // The key was accepted at registration, so an unreadable one is the caller's to replace, not ours to explain.
  INVALID_PUBLIC_KEY: 'UnrecognizedClientException',
};

/** The AWS error for a refused signature, for an AwsError itself, and InternalServerError for anything else. */
export function toAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (!(error instanceof SigningError)) return internalServerError(error);
  return error.code === 'INVALID_PUBLIC_KEY'
    ? new AwsError(signingErrorNames[error.code], unrecognizedClientError().message, { cause: error })
    : new AwsError(signingErrorNames[error.code], error.message, { cause: error });
}

/** A whole reply but for the headers that every reply has (`Date`, `Content-Length`). */
export interface WireReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface JsonReplyContext {
  readonly requestId: string;
  /** Default 1.1. */
  readonly jsonVersion?: '1.0' | '1.1';
}

/**
 * An error in JSON 1.1: code in `__type` and in x-amzn-ErrorType (Smithy SDKs read the one, botocore the other), the
 * text as both `message` and `Message`, since strict SDKs want the modelled spelling. A 5xx shows no text.
 */
export function encodeJsonError(error: AwsError, context: JsonReplyContext, shape?: ErrorShape): WireReply {
  const texts = error.senderFault && error.message !== '' ? { message: error.message, Message: error.message } : {};
  const members = error.senderFault && shape !== undefined ? encodeStructure(shape.structure, error.members) : {};
  return {
    statusCode: error.statusCode,
    headers: { ...jsonHeaders(context), 'x-amzn-ErrorType': error.code },
    body: JSON.stringify({ __type: error.code, ...members, ...texts }),
  };
}

/** The headers of every JSON reply. */
export function jsonHeaders(context: JsonReplyContext): Record<string, string> {
  return {
    'Content-Type': `application/x-amz-json-${context.jsonVersion ?? '1.1'}`,
    'x-amzn-RequestId': context.requestId,
  };
}
