import { applyConstraints } from '../constraints/apply-constraints.ts';
import { serializationError, unknownOperationError } from '../errors.ts';
import { type DecodedStructure, decodeJsonValue, parseJsonBody } from '../json/decode.ts';
import type { MemberShape, OperationShape, Shape, StructureShape } from '../shape.ts';
import { parseQuery, splitRawUrl } from '../signing/canonical-request.ts';
import { SigningError } from '../signing/signing-error.ts';
import { matchPath, type RestTarget } from './route.ts';

export interface RestRequest extends RestTarget {
  readonly body: Uint8Array;
}

/**
 * Decodes the labels, query and body of a REST-JSON request and holds them to the operation's constraints. Throws
 * AwsError: SerializationException when they cannot be read as the input's shape, ValidationException when the input is
 * not allowed. https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
 */
export function decodeRestInput(operation: OperationShape, request: RestRequest): DecodedStructure {
  const input = decodeRest(operation, request);
  applyConstraints(operation.input, input);
  return input;
}

/** The same, types only. */
export function decodeRest(operation: OperationShape, request: RestRequest): DecodedStructure {
  const { input } = operation;
  const located = withMembers(input, ({ httpLocation }) => httpLocation !== undefined);
  const inBody = withMembers(input, ({ httpLocation }) => httpLocation === undefined);
  return {
    ...decodeJsonValue(located, readLocated(operation, located.members, request)),
    // An operation that takes nothing from the body leaves it unread.
    ...(inBody.members.length === 0 ? {} : decodeJsonValue(inBody, parseJsonBody(request.body))),
  };
}

function withMembers(shape: StructureShape, isWanted: (member: MemberShape) => boolean): StructureShape {
  return { ...shape, members: shape.members.filter(isWanted) };
}

/** The values outside of the body, by wire name, as JSON would carry them. */
function readLocated(
  { name, http }: OperationShape,
  members: readonly MemberShape[],
  { rawUrl }: RestRequest,
): Record<string, unknown> {
  const { path, query } = asSerialization(() => splitRawUrl(rawUrl));
  const labels = http && matchPath(http.path, path);
  if (labels === undefined) throw unknownOperationError(`The path ${path} is not one of ${name}.`);
  const parameters = asSerialization(() => parseQuery(query));
  const values: [string, unknown][] = [];
  for (const { wireName, httpLocation, shape } of members) {
    const texts =
      httpLocation?.in === 'query'
        ? parameters.filter(([parameter]) => parameter === httpLocation.name).map(([, text]) => text)
        : [labels.get(wireName)].filter((label) => label !== undefined).map(decodeLabel);
    const [first] = texts;
    if (first === undefined) continue;
    if (shape.kind === 'list') values.push([wireName, texts.map((text) => jsonValueOf(shape.element, text))]);
    else if (texts.length === 1) values.push([wireName, jsonValueOf(shape, first)]);
    else throw serializationError(`The query names '${wireName}' ${texts.length} times; it takes one value`);
  }
  return Object.fromEntries(values);
}

/** A text as the JSON value that its shape expects; one that is none stays a text, and the decoder says what is wrong. */
function jsonValueOf({ kind }: Shape, text: string): unknown {
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  const isNumber = kind === 'integer' || kind === 'long' || kind === 'float';
  return isNumber && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : text;
}

function decodeLabel(label: string): string {
  try {
    return decodeURIComponent(label);
  } catch (cause) {
    throw serializationError('The path holds an invalid percent escape.', cause);
  }
}

function asSerialization<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof SigningError) throw serializationError(error.message, error);
    throw error;
  }
}
