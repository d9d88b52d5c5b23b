import * as fc from 'fast-check';
import type { Shape, StructureShape } from './shape.ts';

const latestSecond = Date.UTC(9999, 0) / 1000;

/** Values of a shape as handlers see them, whatever its constraints say. */
export function valueOf(shape: Shape, depth = 0): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'structure':
      return structureValueOf(shape, depth);
    case 'list':
      return fc.array(valueOf(shape.element, depth + 1), { maxLength: 2 });
    case 'map':
      return fc.dictionary(fc.string({ maxLength: 4 }), valueOf(shape.value, depth + 1), {
        maxKeys: 2,
        noNullPrototype: true,
      });
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 6 }).filter((text) => text.isWellFormed());
    case 'integer':
      return fc.integer();
    case 'long':
      return fc.maxSafeInteger();
    case 'float':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
    case 'boolean':
      return fc.boolean();
    case 'timestamp':
      return fc.date({ min: new Date(0), max: new Date(latestSecond * 1000), noInvalidDate: true });
    case 'blob':
      return fc.uint8Array({ maxLength: 6 });
    case 'document':
      break;
  }
  return fc.jsonValue();
}

export function structureValueOf(shape: StructureShape, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  const members = depth > 6 ? [] : shape.members;
  if (shape.isUnion) {
    return fc.oneof(
      ...shape.members.map((one) => valueOf(one.shape, depth + 1).map((value) => ({ [one.name]: value }))),
    );
  }
  return fc.record(Object.fromEntries(members.map((one) => [one.name, valueOf(one.shape, depth + 1)])), {
    requiredKeys: [],
    noNullPrototype: true,
  });
}
