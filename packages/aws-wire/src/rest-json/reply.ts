import type { AwsError, WireReply } from '../errors.ts';
import { encodeStructure } from '../json/encode.ts';
import type { ErrorShape } from '../shape.ts';

export interface RestReplyContext {
  readonly requestId: string;
}

/** A success; `body` is the JSON text of the output. */
export function encodeRestReply(body: string, statusCode: number, context: RestReplyContext): WireReply {
  return { statusCode, headers: restJsonHeaders(context), body };
}

/** What every service answers besides its modelled errors, where it differs from the 400 of JSON 1.1. */
const statusCodes: ReadonlyMap<string, number> = new Map([
  ['AccessDeniedException', 403],
  ['ExpiredTokenException', 403],
  ['IncompleteSignatureException', 403],
  ['InvalidSignatureException', 403],
  ['MissingAuthenticationTokenException', 403],
  ['ThrottlingException', 429],
  ['UnknownOperationException', 404],
  ['UnrecognizedClientException', 403],
]);

/**
 * An error in REST-JSON: the status of the model, the code in x-amzn-ErrorType, where clients of this protocol look, and
 * the text as `message`. A 5xx shows no text.
 */
export function encodeRestError(error: AwsError, context: RestReplyContext, shape?: ErrorShape): WireReply {
  const statusCode = shape?.statusCode ?? statusCodes.get(error.code) ?? error.statusCode;
  const members = error.senderFault && shape !== undefined ? encodeStructure(shape.structure, error.members) : {};
  return {
    statusCode,
    headers: { ...restJsonHeaders(context), 'x-amzn-ErrorType': error.code },
    body: JSON.stringify({ ...members, ...(error.senderFault ? { message: error.message } : {}) }),
  };
}

function restJsonHeaders({ requestId }: RestReplyContext): Record<string, string> {
  return { 'Content-Type': 'application/json', 'x-amzn-RequestId': requestId };
}
