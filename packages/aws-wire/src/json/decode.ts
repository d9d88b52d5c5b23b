import { applyConstraints } from '../constraints/apply-constraints.ts';
import { type AwsError, serializationError } from '../errors.ts';
import type {
  ListShape,
  MapShape,
  NumberShape,
  OperationShape,
  Shape,
  StructureShape,
  TimestampShape,
} from '../shape.ts';
import { elementPath, entryPath, memberPath } from '../value-path.ts';

/** A decoded structure: members in camelCase, times as Date, blobs as bytes. */
export type DecodedStructure = Record<string, unknown>;

// Shapes that contain themselves would otherwise let a body decide how deep our stack goes.
const deepestNesting = 64;
const integerLimit = 2 ** 31;

/**
 * Decodes the body of an operation and holds it to the operation's constraints. Throws AwsError: SerializationException
 * when the body cannot be read as the input's shape, ValidationException when the input is not allowed.
 */
export function decodeInput(operation: OperationShape, body: Uint8Array): DecodedStructure {
  const input = decodeJson(operation.input, body);
  applyConstraints(operation.input, input);
  return input;
}

/**
 * Decodes a JSON body by shape, types only: an empty body is `{}`, unknown members are dropped, null is absent. Throws
 * AwsError SerializationException.
 */
export function decodeJson(shape: StructureShape, body: Uint8Array): DecodedStructure {
  return decodeJsonValue(shape, parseJsonBody(body));
}

/** The same for a value that has been parsed. */
export function decodeJsonValue(shape: StructureShape, value: unknown): DecodedStructure {
  return decodeStructure(shape, value, '', 0);
}

/** The JSON value of a body; an empty one is `{}`. Throws AwsError SerializationException. */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.byteLength === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw serializationError('The request body is not valid JSON in UTF-8.', cause);
  }
}

function decodeStructure(shape: StructureShape, value: unknown, path: string, depth: number): DecodedStructure {
  if (!isRecord(value)) throw unexpected(value, 'Structure', path);
  if (depth > deepestNesting)
    throw serializationError(`The request nests deeper than ${deepestNesting} levels${at(path)}`);
  const decoded: [string, unknown][] = [];
  for (const member of shape.members) {
    // Own members only: a body without `constructor` must not find the one that every object inherits.
    const wireValue = Object.hasOwn(value, member.wireName) ? value[member.wireName] : undefined;
    if (wireValue === undefined || wireValue === null) continue;
    decoded.push([member.name, decodeValue(member.shape, wireValue, memberPath(path, member.name), depth + 1)]);
  }
  if (shape.isUnion && decoded.length !== 1) {
    throw serializationError(`A union must hold exactly one member, got ${decoded.length}${at(path)}`);
  }
  return Object.fromEntries(decoded);
}

function decodeValue(shape: Shape, value: unknown, path: string, depth: number): unknown {
  switch (shape.kind) {
    case 'structure':
      return decodeStructure(shape, value, path, depth);
    case 'list':
      return decodeList(shape, value, path, depth);
    case 'map':
      return decodeMap(shape, value, path, depth);
    case 'string':
      if (typeof value !== 'string') throw unexpected(value, 'String', path);
      return value;
    case 'integer':
    case 'long':
    case 'float':
      return decodeNumber(shape, value, path);
    case 'boolean':
      if (typeof value !== 'boolean') throw unexpected(value, 'Boolean', path);
      return value;
    case 'timestamp':
      return decodeTimestamp(shape, value, path);
    case 'blob':
      return decodeBlob(value, path);
    case 'document':
      break;
  }
  return value;
}

function decodeList(shape: ListShape, value: unknown, path: string, depth: number): unknown[] {
  if (!Array.isArray(value)) throw unexpected(value, 'List', path);
  return value.map((element: unknown, index) => {
    if (element === null && shape.sparse) return null;
    return decodeValue(shape.element, element, elementPath(path, index, shape.element), depth + 1);
  });
}

function decodeMap(shape: MapShape, value: unknown, path: string, depth: number): Record<string, unknown> {
  if (!isRecord(value)) throw unexpected(value, 'Map', path);
  // fromEntries defines members, so that a key named __proto__ stays a key.
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => {
      if (entry === null && shape.sparse) return [key, null];
      return [key, decodeValue(shape.value, entry, entryPath(path, key, shape.value), depth + 1)];
    }),
  );
}

function decodeNumber(shape: NumberShape, value: unknown, path: string): number {
  // JSON.parse reads 1e999 as Infinity.
  if (typeof value !== 'number' || !Number.isFinite(value)) throw unexpected(value, numberNames[shape.kind], path);
  const isInRange =
    shape.kind === 'float' ||
    (Number.isSafeInteger(value) && (shape.kind === 'long' || (value >= -integerLimit && value < integerLimit)));
  if (!isInRange) throw unexpected(value, numberNames[shape.kind], path);
  return value;
}

const numberNames = { integer: 'Integer', long: 'Long', float: 'Float' } as const;

// A subset of RFC 3339: date and time with an explicit offset, because a local time means nothing to a server.
const isoPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Epoch seconds as a number, or an ISO text, whatever the format of the shape: botocore users send both. */
function decodeTimestamp(shape: TimestampShape, value: unknown, path: string): Date {
  const instant =
    typeof value === 'number'
      ? new Date(Math.round(value * 1000))
      : typeof value === 'string' && (isoPattern.test(value) || shape.format === 'http-date')
        ? new Date(value)
        : undefined;
  if (instant === undefined || Number.isNaN(instant.getTime())) {
    throw serializationError(`${tokenName(value)} can not be converted to milliseconds since epoch${at(path)}`);
  }
  return instant;
}

function decodeBlob(value: unknown, path: string): Uint8Array {
  if (typeof value !== 'string') throw unexpected(value, 'Blob', path);
  const bytes = Buffer.from(value, 'base64');
  // Node skips what is not base64; a blob that does not come back the same was damaged or never one.
  if (bytes.toString('base64').replaceAll('=', '') !== value.replaceAll('=', '')) {
    throw serializationError(`STRING_VALUE is not valid base64${at(path)}`);
  }
  return new Uint8Array(bytes);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unexpected(value: unknown, wanted: string, path: string): AwsError {
  if (Array.isArray(value)) return serializationError(`Start of list found where not expected${at(path)}`);
  if (isRecord(value)) return serializationError(`Start of structure or map found where not expected${at(path)}`);
  return serializationError(`${tokenName(value)} cannot be converted to ${wanted}${at(path)}`);
}

function tokenName(value: unknown): string {
  if (value === null || value === undefined) return 'NULL_VALUE';
  if (value === true) return 'TRUE_VALUE';
  if (value === false) return 'FALSE_VALUE';
  if (Array.isArray(value)) return 'START_LIST';
  if (typeof value === 'object') return 'START_STRUCTURE';
  return typeof value === 'number' ? 'NUMBER_VALUE' : 'STRING_VALUE';
}

/** AWS names no place; ours does, because a body of ten rules is hard to search. */
function at(path: string): string {
  return path === '' ? '' : ` at '${path}'`;
}
