import type { WireReply } from '../errors.ts';
import type { Shape, StructureShape } from '../shape.ts';
import { element, escapeXml } from './xml.ts';

export interface QueryReplyContext {
  readonly requestId: string;
  /** `https://sts.amazonaws.com/doc/2011-06-15/`. */
  readonly xmlNamespace: string;
}

/** STS's namespace; its only version. */
export const stsXmlNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/';
export const stsVersion = '2011-06-15';

/** A successful reply: `<ActionResponse><ActionResult>…</ActionResult><ResponseMetadata>…`. */
export function encodeQueryResult(
  action: string,
  output: StructureShape,
  value: Readonly<Record<string, unknown>>,
  context: QueryReplyContext,
): WireReply {
  const result = element(`${action}Result`, encodeMembers(output, value));
  const metadata = element('ResponseMetadata', element('RequestId', escapeXml(context.requestId)));
  return {
    statusCode: 200,
    headers: queryHeaders(context),
    body: `<${action}Response xmlns="${escapeXml(context.xmlNamespace)}">${result}${metadata}</${action}Response>`,
  };
}

/** The headers of every reply in the query protocol. */
export function queryHeaders(context: QueryReplyContext): Record<string, string> {
  return { 'Content-Type': 'text/xml', 'x-amzn-RequestId': context.requestId };
}

function encodeMembers(shape: StructureShape, value: Readonly<Record<string, unknown>>): string {
  return shape.members
    .filter(({ name }) => value[name] !== undefined && value[name] !== null)
    .map((member) => element(member.wireName, encodeContent(member.shape, value[member.name])))
    .join('');
}

/** Lists as `<member>`, maps as `<entry><key/><value/></entry>`, times in ISO 8601, blobs in base64. */
function encodeContent(shape: Shape, value: unknown): string {
  if (shape.kind === 'structure' && isRecord(value)) return encodeMembers(shape, value);
  if (shape.kind === 'list' && Array.isArray(value)) {
    return value.map((one) => element('member', encodeContent(shape.element, one))).join('');
  }
  if (shape.kind === 'map' && isRecord(value)) {
    return Object.entries(value)
      .map(([key, one]) =>
        element('entry', element('key', escapeXml(key)) + element('value', encodeContent(shape.value, one))),
      )
      .join('');
  }
  if (value instanceof Date) return `${value.toISOString().slice(0, 19)}Z`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return escapeXml(String(value));
  throw new TypeError(`A ${typeof value} cannot be written as a ${shape.kind} in the query protocol`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
