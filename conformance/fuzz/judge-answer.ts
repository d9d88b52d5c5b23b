import { z } from 'zod';
import type { WireAnswer } from './exchange.ts';

const ErrorBody = z.object({ __type: z.string().min(1) });

/** What is wrong with an answer whatever was asked; undefined when nothing is. */
export function judgeAnswer(answer: WireAnswer): string | undefined {
  const { statusCode, headers, text } = answer;
  if (statusCode !== 200 && (statusCode < 400 || (statusCode >= 500 && statusCode !== 503))) {
    return `the status ${statusCode}`;
  }
  const type = headers.get('content-type') ?? '';
  if (type.startsWith('text/xml')) {
    const isComplete =
      /<RequestId>[^<]+<\/RequestId>/.test(text) && (statusCode === 200 || /<Code>\w+<\/Code>/.test(text));
    return isComplete ? undefined : 'an answer in XML without its code or its request id';
  }
  const isRestJson = type === 'application/json';
  if (!isRestJson && !/^application\/x-amz-json-1\.[01]$/.test(type)) return `the content type ${JSON.stringify(type)}`;
  if (!headers.get('x-amzn-requestid')) return 'no request id';
  const body = parseJson(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'a body that is no JSON object';
  if (statusCode === 200) return undefined;
  if (isRestJson) return headers.get('x-amzn-errortype') ? undefined : 'an error without x-amzn-ErrorType';
  return ErrorBody.safeParse(body).success ? undefined : 'an error without __type';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
