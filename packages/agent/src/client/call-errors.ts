import { AppError } from '@patchbay/facts';

/** The control plane answered with an error. `code` is AWS's name for it (`InvalidActivation`, `AccessDeniedException`, …). */
export class ServerError extends AppError<string> {
  readonly statusCode: number;

  constructor(code: string, message: string, statusCode: number) {
    super(code, message);
    this.statusCode = statusCode;
  }
}

/** No answer came that could be read. NOT_CONNECTED: the request did not leave this machine. ABORTED: the caller gave up. */
export class UnreachableError extends AppError<'NOT_CONNECTED' | 'NO_ANSWER' | 'MALFORMED_ANSWER' | 'ABORTED'> {}

const throttlingCodes = new Set([
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'TooManyUpdates',
]);

const authenticationCodes = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'InvalidSignatureException',
  'MachineFingerprintDoesNotMatch',
  'UnrecognizedClientException',
]);

/** Whether the same request may succeed a little later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof UnreachableError) return error.code !== 'ABORTED';
  return error instanceof ServerError && (error.statusCode >= 500 || throttlingCodes.has(error.code));
}

/** Whether the control plane does not accept this node, whatever it asks. */
export function isAuthenticationError(error: unknown): boolean {
  return error instanceof ServerError && authenticationCodes.has(error.code);
}
