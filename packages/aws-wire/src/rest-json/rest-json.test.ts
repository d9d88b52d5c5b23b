import * as client from '@aws-sdk/client-imagebuilder';
import { describe, expect, it } from 'vitest';
import { imageBuilderConstraints } from '../constraints/imagebuilder.ts';
import { AwsError, accessDeniedError, internalServerError, unknownOperationError } from '../errors.ts';
import { adaptService } from '../schema-adapter.ts';
import type { MemberShape, OperationShape } from '../shape.ts';
import { integer, listOf, structure, text, timestamp, truth } from '../shape-definition.ts';
import { clientAnsweredBy } from '../test-support/image-builder-client.ts';
import { decodeRestInput, type RestRequest } from './decode.ts';
import { encodeRestError } from './reply.ts';
import { findRestOperation } from './route.ts';

const model = adaptService(client, imageBuilderConstraints);
const arn = 'arn:aws:imagebuilder:us-east-1:123456789012:component/a/1.0.0/1';
const arnEncoded = encodeURIComponent(arn);

function find(method: string, rawUrl: string): string | undefined {
  return findRestOperation(model.operations.values(), { method, rawUrl })?.name;
}

function decode(name: string, request: Partial<Omit<RestRequest, 'body'>> & { readonly body?: string }) {
  const operation = model.operations.get(name);
  if (operation?.http === undefined) throw new Error(`no operation ${name}`);
  const { method, path } = operation.http;
  return decodeRestInput(operation, { method, rawUrl: path, ...request, body: Buffer.from(request.body ?? '') });
}

describe('findRestOperation', () => {
  it('tells every operation of Image Builder from every other', () => {
    for (const { name, http } of model.operations.values()) {
      expect(find(http?.method ?? '', (http?.path ?? '').replace('{resourceArn}', arnEncoded))).toBe(name);
    }
  });

  it.each([
    ['GET', `/tags/${arnEncoded}`, 'ListTagsForResource'],
    ['POST', `/tags/${arnEncoded}`, 'TagResource'],
    ['DELETE', `/tags/${arnEncoded}?tagKeys=a`, 'UntagResource'],
    ['GET', `http://127.0.0.1:8480/GetComponent?x`, 'GetComponent'],
    ['GET', `/tags/%zz`, 'ListTagsForResource'],
  ])('reads %s %s as %s', (method, rawUrl, name) => {
    expect(find(method, rawUrl)).toBe(name);
  });

  it.each([
    ['another method', 'POST', '/GetComponent'],
    ['a slash at the end', 'GET', '/GetComponent/'],
    ['another case', 'GET', '/getcomponent'],
    ['an escape in the name', 'GET', '/Get%43omponent'],
    ['an ARN that is not encoded', 'GET', `/tags/${arn}`],
    ['no label', 'GET', '/tags/'],
    ['no path', 'GET', '*'],
    ['an empty target', 'GET', ''],
    ['what every object has', 'GET', '/constructor'],
  ])('finds nothing for %s', (_title, method, rawUrl) => {
    expect(find(method, rawUrl)).toBeUndefined();
  });
});

describe('decodeRestInput', () => {
  it('takes labels, queries and the body apart', () => {
    expect(decode('TagResource', { rawUrl: `/tags/${arnEncoded}`, body: '{"tags":{"a":"b"}}' })).toEqual({
      resourceArn: arn,
      tags: { a: 'b' },
    });
    expect(decode('UntagResource', { rawUrl: `/tags/${arnEncoded}?tagKeys=a%20b&other=1&tagKeys=%2B` })).toEqual({
      resourceArn: arn,
      tagKeys: ['a b', '+'],
    });
  });

  it('takes a member from its own place only', () => {
    const body = JSON.stringify({ resourceArn: 'elsewhere', tags: { a: 'b' } });
    expect(decode('TagResource', { rawUrl: `/tags/${arnEncoded}?tags=c&resourceArn=d`, body })).toEqual({
      resourceArn: arn,
      tags: { a: 'b' },
    });
    expect(() => decode('GetComponent', { body: JSON.stringify({ componentBuildVersionArn: arn }) })).toThrow(
      "Value null at 'componentBuildVersionArn'",
    );
  });

  it('leaves a body unread of which the operation takes nothing', () => {
    expect(
      decode('GetComponent', { rawUrl: `/GetComponent?componentBuildVersionArn=${arnEncoded}`, body: '{' }),
    ).toEqual({ componentBuildVersionArn: arn });
  });

  it.each([
    ['a broken escape in the path', 'ListTagsForResource', { rawUrl: '/tags/%zz' }, 'path'],
    ['a broken escape in the query', 'GetComponent', { rawUrl: '/GetComponent?a=%zz' }, 'query'],
    [
      'two values where one belongs',
      'GetComponent',
      { rawUrl: '/GetComponent?componentBuildVersionArn=a&componentBuildVersionArn=b' },
      "names 'componentBuildVersionArn' 2 times",
    ],
    ['a body that is no JSON', 'ListComponents', { body: '{"owner":' }, 'not valid JSON'],
    ['a list for a body', 'ListComponents', { body: '[]' }, 'Start of list'],
    [
      'a number for a text',
      'ListComponents',
      { body: '{"nextToken":7}' },
      "cannot be converted to String at 'nextToken'",
    ],
  ])('refuses %s as a SerializationException', (_title, name, request, message) => {
    expect(() => decode(name, request)).toThrow(
      expect.objectContaining({ code: 'SerializationException', message: expect.stringContaining(message) }),
    );
  });

  it('holds the input to the constraints of the model, the idempotency token too', () => {
    expect(() => decode('CreateInfrastructureConfiguration', {})).toThrow(
      expect.objectContaining({ code: 'ValidationException', message: expect.stringContaining("'clientToken'") }),
    );
    expect(() => decode('ListComponents', { body: '{"maxResults":26}' })).toThrow('less than or equal to 25');
    expect(() => decode('ListTagsForResource', { rawUrl: '/tags/x' })).toThrow('regular expression');
  });

  it('reads the kinds of a query', () => {
    const inQuery = ({ name, shape }: MemberShape): MemberShape => ({
      name,
      wireName: name,
      required: false,
      idempotencyToken: false,
      shape,
      httpLocation: { in: 'query', name },
    });
    const input = structure('In', { count: integer(), flag: truth(), since: timestamp(), counts: listOf(integer()) });
    const operation: OperationShape = {
      name: 'Query',
      input: { ...input, members: input.members.map(inQuery) },
      output: structure('Out', { text: text() }),
      errors: [],
      http: { method: 'GET', path: '/Query', statusCode: 200 },
    };
    const read = (query: string) =>
      decodeRestInput(operation, { method: 'GET', rawUrl: `/Query?${query}`, body: Buffer.alloc(0) });
    expect(read('count=-7&flag=true&since=2026-01-02T03:04:05Z&counts=1&counts=2')).toEqual({
      count: -7,
      flag: true,
      since: new Date('2026-01-02T03:04:05Z'),
      counts: [1, 2],
    });
    for (const query of ['count=', 'count=1x', 'count=1.5', 'count=1e999', 'flag=yes', 'since=today', 'counts=a']) {
      expect(() => read(query), query).toThrow(expect.objectContaining({ code: 'SerializationException' }));
    }
  });
});

describe('encodeRestError', () => {
  const context = { requestId: '7a62c49f-347e-4fc4-9331-6e8eexample0' };

  it('gives the code in the header and the message in the body', () => {
    const error = new AwsError('ResourceNotFoundException', 'No such thing');
    expect(encodeRestError(error, context, model.errors.get(error.code))).toEqual({
      statusCode: 404,
      headers: {
        'Content-Type': 'application/json',
        'x-amzn-RequestId': context.requestId,
        'x-amzn-ErrorType': 'ResourceNotFoundException',
      },
      body: '{"message":"No such thing"}',
    });
  });

  it.each([
    [client.ServiceQuotaExceededException, 402],
    [client.ForbiddenException, 403],
    [client.ResourceNotFoundException, 404],
    [client.DryRunOperationException, 412],
    [client.CallRateLimitExceededException, 429],
    [client.InvalidPaginationTokenException, 400],
  ] as const)("arrives as the SDK's $name with its status", async (exception, httpStatusCode) => {
    const code = exception.name;
    const reply = encodeRestError(new AwsError(code, 'Because'), context, model.errors.get(code));
    const caught = await clientAnsweredBy(() => reply)
      .send(new client.ListTagsForResourceCommand({ resourceArn: arn }))
      .catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(exception);
    expect(caught).toMatchObject({
      name: code,
      message: 'Because',
      $metadata: { httpStatusCode, requestId: context.requestId },
    });
  });

  it('knows the status of what no model holds', () => {
    const status = (error: AwsError) => encodeRestError(error, context).statusCode;
    expect(status(unknownOperationError())).toBe(404);
    expect(status(accessDeniedError('a', 'b', 'c'))).toBe(403);
    expect(status(new AwsError('SerializationException', ''))).toBe(400);
    expect(encodeRestError(internalServerError(new Error('secret')), context)).toMatchObject({
      statusCode: 500,
      body: '{}',
    });
  });
});
