import {
  encodeQueryError,
  encodeQueryResult,
  type RoutedRequest,
  type SignableRequest,
  structure,
  stsVersion,
  stsXmlNamespace,
  text,
  toAwsError,
  unknownOperationError,
  type WireReply,
} from '@patchbay/aws-wire';
import { type Authenticator, authenticateSignature } from '../../identity/authenticate.ts';
import { type Principal, principalArn } from '../../operations/principal.ts';

const callerIdentity = structure('GetCallerIdentityResponse', { Arn: text(), UserId: text(), Account: text() });

function userId(principal: Principal): string {
  return principal.kind === 'user' ? principal.userName : principal.kind === 'node' ? principal.instanceId : '';
}

/** STS, the one service of the query protocol here. Everybody who can sign may ask who they are. */
export async function answerQuery(
  routed: Extract<RoutedRequest, { protocol: 'query' }>,
  request: SignableRequest,
  call: { readonly requestId: string; readonly now: Date },
  parts: { readonly authenticator: Authenticator },
): Promise<WireReply> {
  const context = { requestId: call.requestId, xmlNamespace: stsXmlNamespace };
  try {
    if (routed.version !== stsVersion || routed.action !== 'GetCallerIdentity') {
      throw unknownOperationError(`The action ${routed.action} is not supported by Patchbay.`);
    }
    const { principal, scope } = await authenticateSignature(request, 'sts', call.now, parts.authenticator);
    return encodeQueryResult(
      'GetCallerIdentity',
      callerIdentity,
      { arn: principalArn(principal), userId: userId(principal), account: scope.accountId },
      context,
    );
  } catch (error) {
    return encodeQueryError(toAwsError(error), context);
  }
}
