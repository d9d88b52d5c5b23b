import { describe, expect, it } from 'vitest';
import { judgeAnswer } from './judge-answer.ts';

const json = new Map([
  ['content-type', 'application/x-amz-json-1.1'],
  ['x-amzn-requestid', 'a'],
]);
const restJson = new Map([
  ['content-type', 'application/json'],
  ['x-amzn-requestid', 'a'],
]);
const xml = new Map([['content-type', 'text/xml']]);
const error = '{"__type":"ValidationException"}';

describe('the judge of answers', () => {
  it.each([
    ['a success', 200, json, '{}'],
    ['an error', 400, json, error],
    ['a success in REST-JSON', 200, restJson, '{}'],
    ['an error in REST-JSON', 402, new Map([...restJson, ['x-amzn-errortype', 'A']]), '{"message":"no"}'],
    ['an overload on purpose', 503, json, error],
    ['a refusal in XML', 403, xml, '<E><Code>Denied</Code><RequestId>a</RequestId></E>'],
  ])('is content with %s', (_what, statusCode, headers, text) => {
    expect(judgeAnswer({ statusCode, headers, text })).toBeUndefined();
  });

  it.each([
    ['a 500', 500, json, error],
    ['a 502', 502, json, error],
    ['a redirection', 302, json, '{}'],
    ['a 204', 204, json, ''],
    ['an error without its code', 400, json, '{"message":"no"}'],
    ['an error in REST-JSON without its code', 400, restJson, error],
    ['half an answer', 200, json, '{"a":'],
    ['a list', 200, json, '[]'],
    ['an answer without a request id', 200, new Map([['content-type', 'application/x-amz-json-1.1']]), '{}'],
    ['the form of a framework', 400, new Map([['content-type', 'application/json']]), error],
    ['no body at all', 417, new Map<string, string>(), ''],
    ['XML without a request id', 403, xml, '<E><Code>Denied</Code></E>'],
  ])('complains about %s', (_what, statusCode, headers, text) => {
    expect(judgeAnswer({ statusCode, headers, text })).toEqual(expect.any(String));
  });
});
