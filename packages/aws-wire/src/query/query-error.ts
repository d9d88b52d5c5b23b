import type { AwsError, WireReply } from '../errors.ts';
import { type QueryReplyContext, queryHeaders } from './query-result.ts';
import { element, escapeXml } from './xml.ts';

// What the query services call the errors that the JSON services end in "Exception", and their HTTP status.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
const queryErrors: Readonly<Record<string, readonly [code: string, statusCode: number]>> = {
  InvalidSignatureException: ['SignatureDoesNotMatch', 403],
  UnrecognizedClientException: ['InvalidClientTokenId', 403],
  MissingAuthenticationTokenException: ['MissingAuthenticationToken', 403],
  ExpiredTokenException: ['ExpiredToken', 403],
  AccessDeniedException: ['AccessDenied', 403],
  IncompleteSignatureException: ['IncompleteSignature', 400],
  UnknownOperationException: ['InvalidAction', 400],
  SerializationException: ['MalformedQueryString', 400],
  ValidationException: ['ValidationError', 400],
  ThrottlingException: ['Throttling', 400],
  InternalServerError: ['InternalFailure', 500],
  ServiceUnavailableException: ['ServiceUnavailable', 503],
};

/** An error in the query protocol, under the name that query services use. A 5xx shows no text. */
export function encodeQueryError(error: AwsError, context: QueryReplyContext): WireReply {
  const [code, statusCode] = queryErrors[error.code] ?? [error.code, error.statusCode];
  const details = [
    element('Type', error.senderFault ? 'Sender' : 'Receiver'),
    element('Code', escapeXml(code)),
    error.senderFault ? element('Message', escapeXml(error.message)) : '',
  ].join('');
  const requestId = element('RequestId', escapeXml(context.requestId));
  return {
    statusCode,
    headers: queryHeaders(context),
    body: `<ErrorResponse xmlns="${escapeXml(context.xmlNamespace)}">${element('Error', details)}${requestId}</ErrorResponse>`,
  };
}
