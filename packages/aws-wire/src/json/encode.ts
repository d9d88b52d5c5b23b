import { CodedError } from '../coded-error.ts';
import type { MapShape, Shape, StructureShape, TimestampShape } from '../shape.ts';
import { elementPath, entryPath, memberPath } from '../value-path.ts';

/** A handler answered with something its operation cannot say: a fault of ours, never of the caller. */
export class EncodeError extends CodedError<'VALUE_DOES_NOT_FIT_SHAPE'> {}

/** The JSON text of a value; absent and null members are left out. Throws EncodeError where a value has another type. */
export function encodeJson(shape: StructureShape, value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(encodeStructure(shape, value));
}

/** The wire form of a structure as a plain object, before it becomes text. Members not in the shape are left out. */
export function encodeStructure(
  shape: StructureShape,
  value: Readonly<Record<string, unknown>>,
  path = '',
): Record<string, unknown> {
  const encoded: [string, unknown][] = [];
  for (const member of shape.members) {
    const memberValue = value[member.name];
    if (memberValue === undefined || memberValue === null) continue;
    encoded.push([member.wireName, encodeValue(member.shape, memberValue, memberPath(path, member.name))]);
  }
  return Object.fromEntries(encoded);
}

function encodeValue(shape: Shape, value: unknown, path: string): unknown {
  switch (shape.kind) {
    case 'structure':
      if (!isRecord(value)) throw misfit(shape, value, path);
      return encodeStructure(shape, value, path);
    case 'list':
      if (!Array.isArray(value)) throw misfit(shape, value, path);
      return value.map((element, index) =>
        element === null && shape.sparse
          ? null
          : encodeValue(shape.element, element, elementPath(path, index, shape.element)),
      );
    case 'map':
      return encodeMap(shape, value, path);
    case 'string':
      if (typeof value !== 'string') throw misfit(shape, value, path);
      return value;
    case 'integer':
    case 'long':
      if (!Number.isSafeInteger(value)) throw misfit(shape, value, path);
      return value;
    case 'float':
      if (typeof value !== 'number' || !Number.isFinite(value)) throw misfit(shape, value, path);
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw misfit(shape, value, path);
      return value;
    case 'timestamp':
      return encodeTimestamp(shape, value, path);
    case 'blob':
      if (!(value instanceof Uint8Array)) throw misfit(shape, value, path);
      return Buffer.from(value).toString('base64');
    case 'document':
      break;
  }
  return value;
}

function encodeMap(shape: MapShape, value: unknown, path: string): Record<string, unknown> {
  if (!isRecord(value)) throw misfit(shape, value, path);
  const present = Object.entries(value).filter(([, entry]) => entry !== undefined && (shape.sparse || entry !== null));
  return Object.fromEntries(
    present.map(([key, entry]) => [
      key,
      entry === null ? null : encodeValue(shape.value, entry, entryPath(path, key, shape.value)),
    ]),
  );
}

/** Epoch seconds with milliseconds as fraction: strict SDKs take numbers only. */
function encodeTimestamp(shape: TimestampShape, value: unknown, path: string): number | string {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw misfit(shape, value, path);
  if (shape.format === 'date-time') return value.toISOString();
  if (shape.format === 'http-date') return value.toUTCString();
  return value.getTime() / 1000;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function misfit(shape: Shape, value: unknown, path: string): EncodeError {
  return new EncodeError(
    'VALUE_DOES_NOT_FIT_SHAPE',
    `The value at '${path}' is a ${typeof value}, not a ${shape.kind}.`,
  );
}
