import * as clientSsm from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import {
  AwsError,
  accessDeniedError,
  encodeJsonError,
  internalServerError,
  jsonHeaders,
  throttlingError,
  toAwsError,
  unknownOperationError,
  type WireReply,
} from './errors.ts';
import { adaptService } from './schema-adapter.ts';
import { SigningError } from './signing/signing-error.ts';

const context = { requestId: '7a62c49f-347e-4fc4-9331-6e8eexample0' };

/** The SDK's client, answered with the reply instead of a network. */
function clientAnsweredWith(reply: WireReply): clientSsm.SSMClient {
  const { statusCode, headers, body } = reply;
  return new clientSsm.SSMClient({
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: {
      handle: async () => ({
        response: {
          statusCode,
          headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
          body: Buffer.from(body),
        },
      }),
    },
  });
}

async function caughtBySdk(error: AwsError, shape?: Parameters<typeof encodeJsonError>[2]): Promise<unknown> {
  return clientAnsweredWith(encodeJsonError(error, context, shape))
    .send(new clientSsm.GetPatchBaselineCommand({ BaselineId: 'pb-0123456789abcdef0' }))
    .catch((caught: unknown) => caught);
}

describe('encodeJsonError', () => {
  it('gives code and message in every spelling that clients read', () => {
    expect(encodeJsonError(new AwsError('DoesNotExistException', 'No such baseline'), context)).toEqual({
      statusCode: 400,
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'x-amzn-RequestId': context.requestId,
        'x-amzn-ErrorType': 'DoesNotExistException',
      },
      body: '{"__type":"DoesNotExistException","message":"No such baseline","Message":"No such baseline"}',
    });
  });

  it("arrives as the SDK's typed exception with request id and message", async () => {
    const caught = await caughtBySdk(new AwsError('DoesNotExistException', 'No such baseline'));
    expect(caught).toBeInstanceOf(clientSsm.DoesNotExistException);
    expect(caught).toMatchObject({
      name: 'DoesNotExistException',
      message: 'No such baseline',
      $metadata: { requestId: context.requestId, httpStatusCode: 400 },
    });
  });

  it('writes the members that the error shape names, and no others', async () => {
    const shape = adaptService(clientSsm).errors.get('ItemSizeLimitExceededException');
    const error = new AwsError('ItemSizeLimitExceededException', 'too big', {
      members: { typeName: 'AWS:Application', secret: 'x' },
    });
    expect(JSON.parse(encodeJsonError(error, context, shape).body)).toEqual({
      __type: 'ItemSizeLimitExceededException',
      TypeName: 'AWS:Application',
      message: 'too big',
      Message: 'too big',
    });
    expect(await caughtBySdk(error, shape)).toMatchObject({ TypeName: 'AWS:Application' });
  });

  it('shows no message of a 5xx and none where there is none', () => {
    const reply = encodeJsonError(internalServerError(new Error('password in here')), context);
    expect(reply.statusCode).toBe(500);
    expect(reply.body).toBe('{"__type":"InternalServerError"}');
    expect(encodeJsonError(unknownOperationError(), context).body).toBe('{"__type":"UnknownOperationException"}');
  });
});

describe('jsonHeaders', () => {
  it('answers in the version that was asked', () => {
    expect(jsonHeaders({ ...context, jsonVersion: '1.0' })['Content-Type']).toBe('application/x-amz-json-1.0');
  });
});

describe('toAwsError', () => {
  it.each([
    ['MISSING_AUTHENTICATION', 'MissingAuthenticationTokenException'],
    ['INCOMPLETE_SIGNATURE', 'IncompleteSignatureException'],
    ['UNKNOWN_ACCESS_KEY', 'UnrecognizedClientException'],
    ['INVALID_SECURITY_TOKEN', 'UnrecognizedClientException'],
    ['EXPIRED_SECURITY_TOKEN', 'ExpiredTokenException'],
    ['SIGNATURE_MISMATCH', 'InvalidSignatureException'],
    ['SIGNATURE_EXPIRED', 'InvalidSignatureException'],
    ['SIGNATURE_NOT_YET_CURRENT', 'InvalidSignatureException'],
    ['WRONG_SCOPE', 'InvalidSignatureException'],
  ] as const)('names %s %s and keeps its sentence', (code, name) => {
    expect(toAwsError(new SigningError(code, 'why'))).toMatchObject({ code: name, message: 'why', statusCode: 400 });
  });

  it('says nothing about a stored key that cannot be read', () => {
    expect(toAwsError(new SigningError('INVALID_PUBLIC_KEY', 'ed25519')).message).not.toContain('ed25519');
  });

  it('keeps AWS errors and hides everything else', () => {
    const error = throttlingError();
    expect(toAwsError(error)).toBe(error);
    expect(toAwsError(new TypeError('x'))).toMatchObject({ code: 'InternalServerError', senderFault: false });
  });
});

describe('accessDeniedError', () => {
  it("is AWS's sentence", () => {
    expect(accessDeniedError('arn:aws:iam::1:user/a', 'ssm:X', 'arn:aws:ssm:r:1:y').message).toBe(
      'User: arn:aws:iam::1:user/a is not authorized to perform: ssm:X on resource: arn:aws:ssm:r:1:y because no identity-based policy allows the ssm:X action',
    );
  });
});
