import * as clientSts from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { AwsError, internalServerError, toAwsError, unknownOperationError, type WireReply } from '../errors.ts';
import { adaptService } from '../schema-adapter.ts';
import { integer, listOf, mapOf, structure, text, timestamp } from '../shape-definition.ts';
import { SigningError } from '../signing/signing-error.ts';
import { encodeQueryError } from './query-error.ts';
import { decodeQueryRequest } from './query-request.ts';
import { encodeQueryResult, stsXmlNamespace } from './query-result.ts';

const context = { requestId: '01234567-89ab-cdef-0123-456789abcdef', xmlNamespace: stsXmlNamespace };
const output = adaptService(clientSts).operations.get('GetCallerIdentity')?.output ?? structure('None', {});

function askSdk(reply: WireReply): Promise<unknown> {
  const { statusCode, headers, body } = reply;
  const client = new clientSts.STSClient({
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
  return client.send(new clientSts.GetCallerIdentityCommand({})).catch((caught: unknown) => caught);
}

function post(body: string, contentType = 'application/x-www-form-urlencoded; charset=utf-8') {
  return decodeQueryRequest({
    method: 'POST',
    rawUrl: '/',
    headers: [['Content-Type', contentType]],
    body: Buffer.from(body),
  });
}

describe('decodeQueryRequest', () => {
  it('reads a form body', () => {
    expect(post('Action=GetCallerIdentity&Version=2011-06-15&Name=a+b%26c')).toEqual({
      action: 'GetCallerIdentity',
      version: '2011-06-15',
      parameters: new Map([['Name', 'a b&c']]),
    });
  });

  it('reads the query of a GET and leaves its signature out', () => {
    const rawUrl = '/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Signature=00';
    expect(decodeQueryRequest({ method: 'GET', rawUrl, headers: [], body: new Uint8Array() })).toEqual({
      action: 'GetCallerIdentity',
      version: '2011-06-15',
      parameters: new Map(),
    });
  });

  it('reads nothing else', () => {
    expect(post('{}', 'application/json')).toBeUndefined();
    expect(post('Version=2011-06-15')).toBeUndefined();
    expect(post('Action=A&Action=B')).toBeUndefined();
  });
});

describe('encodeQueryResult', () => {
  it('is read by the SDK', async () => {
    const value = { userId: 'AIDA', account: '123456789012', arn: 'arn:aws:iam::123456789012:user/a&b<c>"' };
    const reply = encodeQueryResult('GetCallerIdentity', output, value, context);
    expect(await askSdk(reply)).toMatchObject({ UserId: 'AIDA', Account: '123456789012', Arn: value.arn });
    expect(reply.body).toBe(
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><UserId>AIDA</UserId><Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/a&amp;b&lt;c&gt;&quot;</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata></GetCallerIdentityResponse>',
    );
  });

  it('writes lists, maps, times, numbers and characters that XML forbids', () => {
    const shape = structure('S', {
      List: listOf(structure('T', { Id: integer() })),
      Map: mapOf(text()),
      At: timestamp(),
      Text: text(),
    });
    const value = { list: [{ id: 1 }, { id: 2 }], map: { k: 'v' }, at: new Date(0), text: 'a\u0000\r\ud800' };
    expect(encodeQueryResult('A', shape, value, context).body).toContain(
      '<List><member><Id>1</Id></member><member><Id>2</Id></member></List><Map><entry><key>k</key><value>v</value></entry></Map><At>1970-01-01T00:00:00Z</At><Text>a\uFFFD&#xD;\uFFFD</Text>',
    );
  });

  it('refuses a value that its shape does not know', () => {
    expect(() => encodeQueryResult('A', structure('S', { Text: text() }), { text: {} }, context)).toThrow(TypeError);
  });
});

describe('encodeQueryError', () => {
  it.each([
    [toAwsError(new SigningError('SIGNATURE_MISMATCH', 'no')), 'SignatureDoesNotMatch', 403],
    [toAwsError(new SigningError('UNKNOWN_ACCESS_KEY', 'no')), 'InvalidClientTokenId', 403],
    [toAwsError(new SigningError('MISSING_AUTHENTICATION', 'no')), 'MissingAuthenticationToken', 403],
    [toAwsError(new SigningError('EXPIRED_SECURITY_TOKEN', 'no')), 'ExpiredToken', 403],
    [toAwsError(new SigningError('INCOMPLETE_SIGNATURE', 'no')), 'IncompleteSignature', 400],
    [new AwsError('AccessDeniedException', 'no'), 'AccessDenied', 403],
    [unknownOperationError('no'), 'InvalidAction', 400],
    [new AwsError('Made', 'no'), 'Made', 400],
  ])('tells the SDK %s', async (error, name, statusCode) => {
    const reply = encodeQueryError(error, context);
    expect(await askSdk(reply)).toMatchObject({
      name,
      message: 'no',
      $metadata: { httpStatusCode: statusCode, requestId: context.requestId },
    });
  });

  it('shows no message of a 5xx', () => {
    const reply = encodeQueryError(internalServerError(new Error('secret')), context);
    expect(reply.statusCode).toBe(500);
    expect(reply.body).toContain('<Type>Receiver</Type><Code>InternalFailure</Code></Error>');
  });
});
