import { describe, expect, it } from 'vitest';
import { routeRequest } from './request-routing.ts';
import type { SignableRequest } from './signing/canonical-request.ts';

const scope =
  'AWS4-HMAC-SHA256 Credential=AKID/20260304/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=0';
const form = ['content-type', 'application/x-www-form-urlencoded'] as const;
const signed = [['authorization', scope] as const, ['x-amz-date', '20260304T050607Z'] as const];

function request(headers: SignableRequest['headers'], body = ''): SignableRequest {
  return { method: 'POST', rawUrl: '/', headers, body: Buffer.from(body) };
}

describe('routeRequest', () => {
  it('goes by X-Amz-Target first', () => {
    const json = ['Content-Type', 'application/x-amz-json-1.1'] as const;
    expect(routeRequest(request([json, ['X-Amz-Target', 'AmazonSSM.GetPatchBaseline'], ...signed], '{}'))).toEqual({
      protocol: 'json11',
      jsonVersion: '1.1',
      targetPrefix: 'AmazonSSM',
      operation: 'GetPatchBaseline',
    });
  });

  it('tells JSON 1.0 from 1.1', () => {
    const headers = [['content-type', 'application/x-amz-json-1.0'] as const, ['x-amz-target', 'A.B'] as const];
    expect(routeRequest(request(headers))).toMatchObject({ jsonVersion: '1.0' });
  });

  it('reads the service of a form call from the credential scope', () => {
    const body = 'Action=GetCallerIdentity&Version=2011-06-15';
    expect(routeRequest(request([form, ...signed], body))).toMatchObject({
      protocol: 'query',
      service: 'sts',
      action: 'GetCallerIdentity',
      version: '2011-06-15',
    });
    expect(routeRequest(request([form], body))).toMatchObject({ protocol: 'query', service: undefined });
  });

  it.each([
    ['an empty body', request(signed), 'sts'],
    ['a target without an operation', request([['x-amz-target', 'AmazonSSM'], ...signed]), 'sts'],
    [
      'two targets',
      request([
        ['x-amz-target', 'A.B'],
        ['x-amz-target', 'A.C'],
      ]),
      undefined,
    ],
    ['a target of no known form', { ...request([]), method: 'GET', rawUrl: '*' }, undefined],
    ['a broken authorization', request([['authorization', 'AWS4-HMAC-SHA256 x']]), undefined],
  ])('does not guess for %s', (_sentence, unclear, service) => {
    expect(routeRequest(unclear)).toEqual({ protocol: 'unknown', service });
  });
});
